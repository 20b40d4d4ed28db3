'use client';
// In a chunk of its own: it stands under the rules, and the page can be used before it has come.
import dynamic from 'next/dynamic';

export const LazyTestRequest = dynamic(() => import('./test-request.tsx').then((module) => module.TestRequest), {
  ssr: false,
  loading: () => <div aria-busy="true" className="panel h-32 shrink-0" />,
});
