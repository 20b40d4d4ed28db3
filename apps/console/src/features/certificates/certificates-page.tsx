'use client';
// Is identity sound? The authority, and every workload's certificate, the soonest to end first.
import { useQuery } from '@tanstack/react-query';
import { BadgeCheck, Search } from 'lucide-react';
import { Badge } from '#components/ui/badge.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Empty, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useViewParameter } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { Certificate } from '#trpc/contract.ts';
import { AUTHORITY_WARN_MS, expiryTone, leftInWords, WORKLOAD_WARN_MS } from './expiries.tsx';
import { GatewayCertificatesPanel } from './gateway-certificates-panel.tsx';

function AuthorityRow({
  name,
  certificate,
  nowMs,
  isLeaf,
}: {
  readonly name: string;
  readonly certificate: Certificate;
  readonly nowMs: number;
  readonly isLeaf: boolean;
}) {
  const leftMs = certificate.notAfterMs - nowMs;
  const lifeMs = certificate.notAfterMs - certificate.notBeforeMs;
  return (
    <li className={`flex items-center gap-2.5 py-2 pr-4 ${isLeaf ? 'pl-10' : 'pl-4'}`}>
      <StatusShape tone={expiryTone(leftMs, AUTHORITY_WARN_MS)} size={14} />
      <div className="min-w-0 flex-1">
        <div className="font-medium text-t0">{name}</div>
        <div className="truncate text-12 text-t3">
          {certificate.subject} · <span className="mono">{certificate.serial}</span> · key{' '}
          <span className="mono" title={`SHA-256 of the public key: ${certificate.spkiSha256}`}>
            {certificate.spkiSha256.replace(/^sha256:/, '').slice(0, 12)}…
          </span>
        </div>
      </div>
      <div className="text-right">
        <div className="text-12 text-t1">
          {leftInWords(leftMs)} <span className="text-t3">until {moment(certificate.notAfterMs, nowMs)}</span>
        </div>
        <span aria-hidden="true" className="mt-1 ml-auto block h-[3px] w-24 rounded-full bg-track">
          <span
            className="block h-full rounded-full bg-rest"
            style={{ width: `${Math.max(0, Math.min(1, leftMs / lifeMs)) * 100}%` }}
          />
        </span>
      </div>
    </li>
  );
}

export function CertificatesPage() {
  const trpc = useTRPC();
  const [find, setFind] = useViewParameter('q');
  const options = { refetchInterval: 15_000 };
  const authority = useQuery(trpc.certificates.authority.queryOptions(undefined, options));
  const leaves = useQuery(trpc.certificates.list.queryOptions(undefined, options));
  if (authority.data === undefined && authority.isError) {
    return <QueryFailure what="The authority" error={authority.error} onRetry={() => void authority.refetch()} />;
  }
  const nowMs = Date.now();
  const all = leaves.data === undefined ? undefined : [...leaves.data].sort((a, b) => a.notAfterMs - b.notAfterMs);
  const due = all?.filter((leaf) => leaf.notAfterMs - nowMs < WORKLOAD_WARN_MS).length ?? 0;
  const shown = all?.filter((leaf) =>
    `${leaf.workload} ${leaf.spiffeId} ${leaf.serial}`.toLowerCase().includes(find.toLowerCase()),
  );
  return (
    <div className="grid gap-3 px-6 py-3">
      <h1 className="text-20 font-medium text-t2">
        {all === undefined ? (
          <b className="font-semi text-t0">Certificates</b>
        ) : (
          <>
            <b className="font-semi text-t0">
              {due === 0
                ? `All ${plural(all.length, 'workload')} have a valid identity.`
                : `${plural(due, 'certificate')} should have been renewed.`}
            </b>{' '}
            {due === 0 && 'Each renews by itself at half its life.'}
          </>
        )}
      </h1>
      <Panel title="Authority" sub={authority.data === undefined ? '' : `spiffe://${authority.data.trustDomain}`}>
        {authority.data === undefined ? (
          <SkeletonRows rows={2} columns={[200, 300, 80]} />
        ) : (
          <ul>
            <AuthorityRow name="Root" certificate={authority.data.root} nowMs={nowMs} isLeaf={false} />
            <AuthorityRow name="Issuing authority" certificate={authority.data.issuing} nowMs={nowMs} isLeaf />
          </ul>
        )}
      </Panel>
      <GatewayCertificatesPanel />
      <Panel
        title="Of workloads"
        beside={
          <>
            {due > 0 && (
              <Badge tone="warn" shape>
                {due}
              </Badge>
            )}
            {all !== undefined && (
              <Badge tone="ok" shape>
                {all.length - due}
              </Badge>
            )}
          </>
        }
        sub="the soonest to end first"
        actions={
          <TextField
            aria-label="Find a certificate"
            data-page-search=""
            className="w-52"
            icon={<Search aria-hidden="true" strokeWidth={1.75} />}
            placeholder="Name, serial"
            value={find}
            onChange={(event) => setFind(event.target.value)}
          />
        }
      >
        {leaves.isError && (
          <QueryFailure what="Certificates" error={leaves.error} onRetry={() => void leaves.refetch()} />
        )}
        {shown === undefined && !leaves.isError && <SkeletonRows rows={8} columns={[200, 300, 80]} />}
        {shown?.length === 0 && (
          <Empty
            icon={<BadgeCheck aria-hidden="true" size={18} />}
            title={all?.length === 0 ? 'No certificate was issued yet' : 'None fits'}
          >
            A workload gets its certificate when it joins; its private key never leaves its proxy.
          </Empty>
        )}
        {shown !== undefined && shown.length > 0 && (
          <table className="table">
            <thead>
              <tr>
                <th>Held by</th>
                <th>Identity</th>
                <th>Serial</th>
                <th className="num">Left</th>
                <th className="num">Until</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((leaf) => {
                const leftMs = leaf.notAfterMs - nowMs;
                const tone = expiryTone(leftMs, WORKLOAD_WARN_MS);
                return (
                  <tr key={leaf.serial + leaf.workload}>
                    <td>
                      <span className="flex items-center gap-2">
                        <StatusShape tone={tone} />
                        <span className="mono text-t0">{leaf.workload}</span>
                      </span>
                    </td>
                    <td className="mono text-t2">{leaf.spiffeId}</td>
                    <td className="mono max-w-52 truncate text-t3">{leaf.serial}</td>
                    <td className={`num ${tone === 'ok' ? '' : 'font-semi text-warn-text'}`}>{leftInWords(leftMs)}</td>
                    <td className="num text-t2">{moment(leaf.notAfterMs, nowMs)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </Panel>
    </div>
  );
}
