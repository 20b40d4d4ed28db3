'use client';
// Leaves for the sign-in page as soon as the control plane ends the session.
import { useSubscription } from '@trpc/tanstack-react-query';
import { useTRPC } from '#trpc/client.ts';

export async function leave(reason?: 'ended'): Promise<void> {
  const next = encodeURIComponent(location.pathname + location.search);
  // Needed once, at the end: no page carries it until then.
  await import('next-auth/react').then(({ signOut }) => signOut({ redirect: false })).catch(() => undefined);
  location.assign(reason === undefined ? '/sign-in' : `/sign-in?reason=${reason}&next=${next}`);
}

export function SessionWatch() {
  const trpc = useTRPC();
  useSubscription(trpc.session.signedOut.subscriptionOptions(undefined, { onData: () => void leave('ended') }));
  return null;
}
