'use client';
// One line under the top bar when something between the operator and the mesh is away; it says what still works.
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useStale } from '#features/mesh-status/index.ts';
import { clockWithSeconds, span } from '#format/time.ts';
import type { MeshStatus } from '#trpc/contract.ts';

export function Banner({ status }: { readonly status: MeshStatus | undefined }) {
  const stale = useStale();
  if (stale.isStale) {
    return (
      <div
        role="status"
        className="banner flex min-h-9 items-center gap-2.5 border-warn-line border-b bg-warn-tint px-4 text-12"
      >
        <StatusShape tone="warn" label="" />
        <span>
          <b className="font-semi text-t0">Not connected to the control plane for {span(stale.lostForMs)}.</b> Figures
          are from {clockWithSeconds(stale.lostAtMs)}. Traffic is not affected: proxies keep their last configuration.
        </span>
        <span className="ml-auto text-t2">{stale.nextTryMs > 0 && `next try in ${span(stale.nextTryMs)}`}</span>
      </div>
    );
  }
  if (status?.database === 'away') {
    return (
      <div
        role="status"
        className="banner flex min-h-9 items-center gap-2.5 border-warn-line border-b bg-warn-tint px-4 text-12"
      >
        <StatusShape tone="warn" label="" />
        <span>
          <b className="font-semi text-t0">Postgres is away: read-only.</b> Nothing can be applied until it is back.
          Traffic, mTLS and policies go on with the last configuration.
        </span>
      </div>
    );
  }
  return null;
}
