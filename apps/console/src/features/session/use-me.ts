'use client';
// Who is signed in and what their role allows.
import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '#trpc/client.ts';
import type { Me, Role } from '#trpc/contract.ts';

const ranks: Record<Role, number> = { viewer: 0, editor: 1, operator: 2, admin: 3 };

export interface Session {
  readonly me: Me | undefined;
  /** False until it is known who asks. */
  readonly may: (role: Role) => boolean;
}

export function useSession(): Session {
  const trpc = useTRPC();
  const { data: me } = useQuery(trpc.session.me.queryOptions(undefined, { staleTime: 60_000 }));
  return { me, may: (role) => me !== undefined && ranks[me.role] >= ranks[role] };
}
