import type { Metadata } from 'next';
import { ChangesPage } from '#features/changes/index.ts';

export const metadata: Metadata = { title: 'Changes' };

export default function Page() {
  return <ChangesPage revision={undefined} />;
}
