import type { Metadata } from 'next';
import { LazyRunningFaults } from '#features/experiments/index.ts';
import { TopologyPage } from '#features/topology/topology-page.tsx';

export const metadata: Metadata = { title: 'Topology' };

export default function Page() {
  return (
    <div className="flex h-full min-h-0 flex-col">
      <LazyRunningFaults />
      <div className="min-h-0 flex-1">
        <TopologyPage />
      </div>
    </div>
  );
}
