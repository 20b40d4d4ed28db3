'use client';
// In a chunk of its own: only routes of bytes need it.
import dynamic from 'next/dynamic';

export const LazyTestConnection = dynamic(
  () => import('./test-connection.tsx').then((module) => module.TestConnection),
  { ssr: false, loading: () => <div aria-busy="true" className="panel h-24 shrink-0" /> },
);
