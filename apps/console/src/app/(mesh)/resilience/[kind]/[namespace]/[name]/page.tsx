import type { Metadata } from 'next';
import { PolicyEditorPage } from '#features/policies/editor/policy-editor-page.tsx';

interface Props {
  readonly params: Promise<{ kind: string; namespace: string; name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { kind, name } = await params;
  return { title: `${kind} ${decodeURIComponent(name)}` };
}

export default async function Page({ params }: Props) {
  const { kind, namespace, name } = await params;
  return <PolicyEditorPage kind={kind} namespace={decodeURIComponent(namespace)} name={decodeURIComponent(name)} />;
}
