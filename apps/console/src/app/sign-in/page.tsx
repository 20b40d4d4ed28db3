import type { Metadata } from 'next';
import { readControlPlane } from '#features/sign-in/control-plane.ts';
import { SignInPage } from '#features/sign-in/sign-in-page.tsx';

export const metadata: Metadata = { title: 'Sign in' };

interface Props {
  readonly searchParams: Promise<{ next?: string; reason?: string }>;
}

export default async function Page({ searchParams }: Props) {
  const { next, reason } = await searchParams;
  return <SignInPage next={next} reason={reason} controlPlane={await readControlPlane()} />;
}
