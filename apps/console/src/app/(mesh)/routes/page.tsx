import type { Metadata } from 'next';
import { RoutesPage } from '#features/routes/index.ts';

export const metadata: Metadata = { title: 'Routes' };

export default function Page() {
  return <RoutesPage />;
}
