import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { ReportPage } from '#features/experiments/report-page.tsx';

export const metadata: Metadata = { title: 'Experiment' };

interface Props {
  readonly params: Promise<{ id: string }>;
}

export default async function Page({ params }: Props) {
  const { id } = await params;
  if (!/^[0-9a-f-]{36}$/.test(id)) notFound();
  return <ReportPage id={id} />;
}
