import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { TracePage } from '#features/traces/trace-page.tsx';

export const metadata: Metadata = { title: 'Trace' };

interface Props {
  readonly params: Promise<{ traceId: string }>;
}

export default async function Page({ params }: Props) {
  const { traceId } = await params;
  if (!/^[0-9a-f]{32}$/.test(traceId)) notFound();
  return <TracePage traceId={traceId} />;
}
