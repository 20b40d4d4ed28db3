import type { Metadata } from 'next';
import { ServicePage } from '#features/services/service-page.tsx';

interface Props {
  readonly params: Promise<{ namespace: string; name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name } = await params;
  return { title: `Service ${decodeURIComponent(name)}` };
}

export default async function Page({ params }: Props) {
  const { namespace, name } = await params;
  return <ServicePage namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />;
}
