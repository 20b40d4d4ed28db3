import type { Metadata } from 'next';
import { TopologyPage } from '#features/topology/index.ts';

export const metadata: Metadata = { title: 'Topology' };

export default function Page() {
  return <TopologyPage />;
}
