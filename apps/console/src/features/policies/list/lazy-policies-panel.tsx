'use client';
// The list reads YAML, so it comes after the page that holds it.
import dynamic from 'next/dynamic';

export const LazyPoliciesPanel = dynamic(() => import('./policies-panel.tsx').then((module) => module.PoliciesPanel), {
  ssr: false,
  loading: () => <div aria-busy="true" className="panel h-40" />,
});
