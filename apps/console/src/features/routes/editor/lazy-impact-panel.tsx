'use client';
// In a chunk of its own: it is there only once something has changed.
import dynamic from 'next/dynamic';

export const LazyImpactPanel = dynamic(() => import('./impact-panel.tsx').then((module) => module.ImpactPanel), {
  ssr: false,
  loading: () => <div aria-busy="true" className="h-40 border-line border-t" />,
});
