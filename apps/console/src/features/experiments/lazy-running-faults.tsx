'use client';
// The strip of running faults in a chunk of its own: most of the time there is none.
import dynamic from 'next/dynamic';

export const LazyRunningFaults = dynamic(() => import('./running-faults.tsx').then((module) => module.RunningFaults), {
  ssr: false,
});
