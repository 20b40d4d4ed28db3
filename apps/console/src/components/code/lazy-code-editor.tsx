'use client';
// The editor in a chunk of its own: pages that show it are readable before it has come.
import dynamic from 'next/dynamic';
import { Skeleton } from '#components/ui/states.tsx';

export const LazyCodeEditor = dynamic(() => import('./code-editor.tsx').then((module) => module.CodeEditor), {
  ssr: false,
  loading: () => (
    <div className="grid gap-2 p-4">
      {[120, 80, 160, 140, 200, 180].map((width) => (
        <Skeleton key={width} className="h-3" style={{ width }} />
      ))}
    </div>
  ),
});
