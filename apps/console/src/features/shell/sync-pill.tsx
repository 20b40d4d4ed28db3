'use client';
// The pill that says whether every proxy serves what it should; it leads to the proxies.
import { StatusShape, type Tone } from '#components/ui/status-shape.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import type { MeshStatus } from '#trpc/contract.ts';

export function syncInWords(proxies: MeshStatus['proxies']): { tone: Tone; words: string } {
  const { total, active, nacked, stale } = proxies;
  if (total === 0) return { tone: 'unknown', words: 'no proxies' };
  if (nacked > 0) return { tone: 'err', words: `${nacked} refused` };
  if (active === total) return { tone: 'ok', words: `in sync ${active}/${total}` };
  if (stale > 0 && active + stale >= total) return { tone: 'info', words: `syncing ${active}/${total}` };
  return { tone: 'warn', words: `${total - active} behind` };
}

export function SyncPill({ status, isStale }: { readonly status: MeshStatus | undefined; readonly isStale: boolean }) {
  if (status === undefined) return <span className="skeleton h-7 w-28 rounded-full!" aria-hidden="true" />;
  const { tone, words } = isStale
    ? { tone: 'warn' as const, words: `${status.proxies.active}/${status.proxies.total}, before` }
    : syncInWords(status.proxies);
  return (
    <ScopedLink href="/proxies" className="pill" data-tone={tone} data-testid="sync-pill">
      <StatusShape tone={tone} label="" />
      {words}
    </ScopedLink>
  );
}
