import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { ChangesPage } from '#features/changes/changes-page.tsx';

interface Props {
  readonly params: Promise<{ revision: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Change r${(await params).revision}` };
}

export default async function Page({ params }: Props) {
  const { revision } = await params;
  if (!/^[1-9]\d{0,9}$/.test(revision)) notFound();
  return <ChangesPage revision={Number(revision)} />;
}
