'use client';
// Recharts in a chunk of its own: the page stands before its charts have come.
import dynamic from 'next/dynamic';
import { Skeleton } from '#components/ui/states.tsx';

export const LazyTimeChart = dynamic(() => import('./time-chart.tsx').then((module) => module.TimeChart), {
  ssr: false,
  loading: () => <Skeleton className="h-[116px] w-full" />,
});
