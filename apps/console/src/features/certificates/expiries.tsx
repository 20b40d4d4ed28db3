'use client';
// When identities end: the authority and the workload that is next, as a panel on the overview.
import { useQuery } from '@tanstack/react-query';
import { Panel } from '#components/ui/panel.tsx';
import { SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape, type Tone } from '#components/ui/status-shape.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { span } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** An authority needs a look a month ahead; a workload's certificate renews at half its life, so 3 h means it did not. */
export function expiryTone(leftMs: number, warnMs: number): Tone {
  if (leftMs <= 0) return 'err';
  return leftMs < warnMs ? 'warn' : 'ok';
}

export const AUTHORITY_WARN_MS = 30 * DAY_MS;
export const WORKLOAD_WARN_MS = 3 * HOUR_MS;
/** Public authorities renew 30 days ahead. */
export const GATEWAY_WARN_MS = 21 * DAY_MS;

export function leftInWords(leftMs: number): string {
  if (leftMs <= 0) return 'ended';
  const years = leftMs / (365 * DAY_MS);
  return years >= 2 ? `${Math.floor(years)} years` : span(leftMs);
}

export function Expiries() {
  const trpc = useTRPC();
  const options = { refetchInterval: 60_000 };
  const authority = useQuery(trpc.certificates.authority.queryOptions(undefined, options)).data;
  const leaves = useQuery(trpc.certificates.list.queryOptions(undefined, options)).data;
  const ofGateways = useQuery(trpc.gatewayCertificates.list.queryOptions(undefined, options)).data ?? [];
  const nowMs = Date.now();
  const soonest = Math.min(...(leaves ?? []).map((leaf) => leaf.notAfterMs));
  const rows =
    authority === undefined || leaves === undefined
      ? undefined
      : [
          {
            name: 'root',
            detail: authority.trustDomain,
            leftMs: authority.root.notAfterMs - nowMs,
            warnMs: AUTHORITY_WARN_MS,
          },
          {
            name: 'issuing authority',
            detail: '',
            leftMs: authority.issuing.notAfterMs - nowMs,
            warnMs: AUTHORITY_WARN_MS,
          },
          ...(leaves.length === 0
            ? []
            : [
                {
                  name: plural(leaves.length, 'workload'),
                  detail: 'the next to end',
                  leftMs: soonest - nowMs,
                  warnMs: WORKLOAD_WARN_MS,
                },
              ]),
          ...(ofGateways.length === 0
            ? []
            : [
                {
                  name: `${ofGateways.length} of gateways`,
                  detail: 'the next to end',
                  leftMs: Math.min(...ofGateways.map(({ notAfterMs }) => notAfterMs)) - nowMs,
                  warnMs: GATEWAY_WARN_MS,
                },
              ]),
        ];
  return (
    <Panel
      title="Certificates"
      actions={
        <ScopedLink href="/certificates" className="link text-12">
          Authority
        </ScopedLink>
      }
    >
      {rows === undefined ? (
        <SkeletonRows rows={3} columns={[90, 60, 30]} />
      ) : (
        <ul>
          {rows.map((row) => (
            <li
              key={row.name}
              className="flex h-8 items-center gap-2.5 border-line border-t px-4 text-12 first:border-t-0"
            >
              <StatusShape tone={expiryTone(row.leftMs, row.warnMs)} />
              <span className="text-t0">{row.name}</span>
              <span className="min-w-0 flex-1 truncate text-t3">{row.detail}</span>
              <span className={row.leftMs < row.warnMs ? 'font-semi text-warn-text' : 'text-t1'}>
                {leftInWords(row.leftMs)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
