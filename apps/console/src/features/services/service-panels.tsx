'use client';
// The parts of a service page: what acts on it and why, who calls, whom it calls, its workloads.
import { FileText, Gauge, Lock, LockOpen, type LucideIcon, Shield, ShieldCheck, Split, Zap } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { Figure } from '#components/ui/figure.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { isPolicyKind, policyHref } from '#features/policies/index.ts';
import { ScopedLink } from '#features/scope/index.ts';
import { ejectedOn, ejectionInWords, useStanding } from '#features/standing/index.ts';
import { duration, percent, rateShort } from '#format/number.ts';
import type { Peer, ServiceDetail } from '#trpc/contract.ts';

const kindIcons: Record<string, LucideIcon> = {
  HTTPRoute: Split,
  RoutePolicy: Split,
  TrafficPolicy: Shield,
  RateLimit: Gauge,
  FaultInjection: Zap,
  AuthorizationPolicy: ShieldCheck,
  PeerAuthentication: Lock,
};

/** Where an object is edited; undefined where nothing edits its kind. */
function hrefOf(objectKey: string): string | undefined {
  const [kind = '', namespace = '', name = ''] = objectKey.split('/');
  if (isPolicyKind(kind)) return policyHref(kind, namespace, name);
  if (kind === 'HTTPRoute') return `/routes/${namespace}/${name}`;
  return kind === 'GRPCRoute' ? `/routes/${namespace}/${name}?kind=GRPCRoute` : undefined;
}

function ObjectLink({ objectKey }: { readonly objectKey: string }) {
  const href = hrefOf(objectKey);
  const name = objectKey.split('/')[2] ?? '';
  if (href === undefined) return <span className="mono text-t0">{name}</span>;
  return (
    <ScopedLink href={href} className="mono link">
      {name}
    </ScopedLink>
  );
}

export function ActsPanel({ detail }: { readonly detail: ServiceDetail }) {
  return (
    <Panel
      title={`What acts on ${detail.row.name}`}
      label="What acts on this service"
      beside={<Badge>{detail.policies.length}</Badge>}
    >
      {detail.policies.length === 0 ? (
        <p className="px-4 py-3 text-12 text-t2">
          Nothing but the defaults: every healthy instance, 15 s a request, 2 retries within a 20 % budget.
        </p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>Object</th>
              <th>Kind</th>
              <th>Applies because</th>
            </tr>
          </thead>
          <tbody>
            {detail.policies.map(({ key, why }) => {
              const kind = key.split('/')[0] ?? '';
              const Icon = kindIcons[kind] ?? FileText;
              return (
                <tr key={key}>
                  <td>
                    <span className="flex items-center gap-2">
                      <Icon aria-hidden="true" size={14} strokeWidth={1.75} className="text-t3" />
                      <ObjectLink objectKey={key} />
                    </span>
                  </td>
                  <td className="mono text-t2">{kind}</td>
                  <td className="text-t2">{why}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function PeerRows({ peers }: { readonly peers: readonly Peer[] }) {
  return peers.map((peer) => {
    const isMember = peer.namespace !== '';
    const Icon = peer.mtls ? Lock : LockOpen;
    const failing = peer.golden.errorRate >= 0.01;
    return (
      <tr key={`${peer.namespace}/${peer.name}`}>
        <td>
          <span className="flex items-center gap-2">
            <StatusShape tone={failing ? 'err' : 'ok'} label={failing ? 'failing' : 'well'} />
            {isMember ? (
              <ScopedLink
                href={`/services/${peer.namespace}/${peer.name}`}
                className="mono rounded-1 text-t0 hover:underline"
              >
                <span className="text-t2">{peer.namespace}/</span>
                {peer.name}
              </ScopedLink>
            ) : (
              <span className="mono">{peer.name}</span>
            )}
            <Icon
              role="img"
              aria-label={peer.mtls ? 'mutual TLS' : 'plain text'}
              size={12}
              strokeWidth={2}
              className={peer.mtls ? 'text-t3' : 'text-warn-text'}
            />
          </span>
        </td>
        <td className="num">{rateShort(peer.golden.requestsPerSecond)}</td>
        <td className="num">
          <Figure value={duration(peer.golden.p95Ms)} />
        </td>
        <td className={`num ${failing ? 'font-semi text-err-text' : ''}`}>
          <Figure value={percent(peer.golden.errorRate)} />
        </td>
      </tr>
    );
  });
}

export function PeersPanel({
  title,
  peers,
  none,
}: {
  readonly title: string;
  readonly peers: readonly Peer[];
  readonly none: string;
}) {
  return (
    <Panel title={title} beside={<Badge>{peers.length}</Badge>}>
      {peers.length === 0 ? (
        <p className="flex items-center gap-2 px-4 py-3 text-12 text-t2">
          <StatusShape tone="unknown" label="" />
          {none}
        </p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>Service</th>
              <th className="num">Req/s</th>
              <th className="num">p95</th>
              <th className="num">Errors</th>
            </tr>
          </thead>
          <tbody>
            <PeerRows peers={peers} />
          </tbody>
        </table>
      )}
    </Panel>
  );
}

interface WorkloadStateProps {
  readonly isReady: boolean;
  readonly service: { readonly namespace: string; readonly name: string };
  readonly workload: string;
}

function WorkloadState({ isReady, service: { namespace, name }, workload }: WorkloadStateProps) {
  const standing = useStanding().data;
  const [ejection] = ejectedOn(standing, { namespace, name, workload });
  if (!isReady) return 'not ready: gets no requests';
  if (ejection === undefined || standing === undefined) return 'ready';
  const words = ejectionInWords(ejection, standing.nowMs);
  return (
    <span className="text-warn-text" title={words}>
      ejected: {words}
    </span>
  );
}

export function WorkloadsPanel({ detail }: { readonly detail: ServiceDetail }) {
  const ready = detail.workloads.filter((workload) => workload.healthy).length;
  const isWhole = ready === detail.workloads.length;
  return (
    <Panel
      title="Workloads"
      beside={
        <Badge tone={isWhole ? 'ok' : 'warn'} shape>
          {ready} of {detail.workloads.length} ready
        </Badge>
      }
      actions={
        <ScopedLink href={`/proxies?q=${detail.row.name}`} className="link text-12">
          Proxies
        </ScopedLink>
      }
    >
      {detail.workloads.length === 0 ? (
        <p className="px-4 py-3 text-12 text-t2">No workload has joined with this name; calls are answered with 503.</p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>Workload</th>
              <th>Version</th>
              <th>State</th>
              <th className="num">Req/s</th>
              <th className="num">p50</th>
              <th className="num">p99</th>
              <th className="num">Errors</th>
            </tr>
          </thead>
          <tbody>
            {detail.workloads.map((workload) => (
              <tr key={workload.name}>
                <td>
                  <span className="flex items-center gap-2">
                    <StatusShape tone={workload.healthy ? 'ok' : 'warn'} label="" />
                    <span className="mono text-t0">{workload.name}</span>
                  </span>
                </td>
                <td className="mono">{workload.version}</td>
                <td className="max-w-72 truncate text-t2">
                  <WorkloadState isReady={workload.healthy} service={detail.row} workload={workload.name} />
                </td>
                <td className="num">{rateShort(workload.golden.requestsPerSecond)}</td>
                <td className="num">
                  <Figure value={duration(workload.golden.p50Ms)} />
                </td>
                <td className="num">
                  <Figure value={duration(workload.golden.p99Ms)} />
                </td>
                <td className={`num ${workload.golden.errorRate >= 0.01 ? 'font-semi text-err-text' : ''}`}>
                  <Figure value={percent(workload.golden.errorRate)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}
