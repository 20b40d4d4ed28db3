'use client';
// The graph draws on the client only; until its chunk has come, the room it will take is kept.
import dynamic from 'next/dynamic';

export const LazyGraphCanvas = dynamic(() => import('./graph-canvas.tsx').then((module) => module.GraphCanvas), {
  ssr: false,
  loading: () => (
    <div role="status" className="graph-stage grid size-full place-items-center text-12 text-t3">
      Laying out the graph
    </div>
  ),
});
