import type { Metadata } from 'next';
import { RouteEditorPage } from '#features/routes/editor/route-editor-page.tsx';

interface Props {
  readonly params: Promise<{ namespace: string; name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { name } = await params;
  return { title: `Route ${decodeURIComponent(name)}` };
}

export default async function Page({ params }: Props) {
  const { namespace, name } = await params;
  return <RouteEditorPage namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />;
}
