'use client';
// What gateways show to clients outside: each certificate with its hosts, its end and who shows it; stored and deleted here.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Button, IconButton } from '#components/ui/button.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { notify } from '#components/ui/toast.tsx';
import { moment } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { GatewayCertificate } from '#trpc/contract.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { expiryTone, GATEWAY_WARN_MS, leftInWords } from './expiries.tsx';
import { StoreCertificate, type StoredName } from './store-certificate.tsx';

function CertificateRow({
  certificate,
  nowMs,
  onReplace,
  onDelete,
}: {
  readonly certificate: GatewayCertificate;
  readonly nowMs: number;
  readonly onReplace: () => void;
  readonly onDelete: () => void;
}) {
  const { namespace, name, subject, dnsNames, ipAddresses, key, notAfterMs, usedBy } = certificate;
  const leftMs = notAfterMs - nowMs;
  const tone = expiryTone(leftMs, GATEWAY_WARN_MS);
  const hosts = [...dnsNames, ...ipAddresses].join(', ');
  return (
    <tr>
      <td>
        <span className="flex items-center gap-2">
          <StatusShape tone={tone} />
          <span className="mono text-t0">
            {namespace}/{name}
          </span>
        </span>
      </td>
      <td className="max-w-64 truncate" title={`${hosts} (${subject || 'no subject'}, ${key})`}>
        {hosts}
      </td>
      <td className="max-w-64 truncate text-t2" title={usedBy.join(', ')}>
        {usedBy.length === 0 ? 'no listener' : usedBy.join(', ')}
      </td>
      <td className={`num ${tone === 'ok' ? '' : 'font-semi text-warn-text'}`}>{leftInWords(leftMs)}</td>
      <td className="num text-t2">{moment(notAfterMs, nowMs)}</td>
      <td>
        <span className="flex justify-end gap-1">
          <Button size="s" onClick={onReplace}>
            Replace
          </Button>
          <IconButton label={`Delete ${namespace}/${name}`} kind="ghost" size="s" onClick={onDelete}>
            <Trash2 aria-hidden="true" strokeWidth={1.75} />
          </IconButton>
        </span>
      </td>
    </tr>
  );
}

function DeleteCertificate({
  certificate,
  onClose,
}: {
  readonly certificate: GatewayCertificate;
  readonly onClose: () => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const { namespace, name, usedBy } = certificate;
  const remove = useMutation(
    trpc.gatewayCertificates.remove.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries({ queryKey: trpc.gatewayCertificates.list.queryKey() });
        onClose();
      },
      onError: (error) => notify({ tone: 'err', title: 'Not deleted', detail: inPlainWords(error) }),
    }),
  );
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Delete ${namespace}/${name}?`}
      description={
        usedBy.length === 0
          ? 'No listener shows it. Its key is gone for good.'
          : `Handshakes fail at once with ${usedBy.join(', ')}. Its key is gone for good.`
      }
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button
            kind="danger"
            busy={remove.isPending ? 'Deleting' : undefined}
            onClick={() => remove.mutate({ namespace, name, force: usedBy.length > 0 })}
          >
            Delete
          </Button>
        </>
      }
    />
  );
}

export function GatewayCertificatesPanel() {
  const trpc = useTRPC();
  const query = useQuery(trpc.gatewayCertificates.list.queryOptions(undefined, { refetchInterval: 15_000 }));
  const [storing, setStoring] = useState<StoredName | 'new' | null>(null);
  const [deleting, setDeleting] = useState<GatewayCertificate | null>(null);
  const nowMs = Date.now();
  const all = query.data === undefined ? undefined : [...query.data].sort((a, b) => a.notAfterMs - b.notAfterMs);
  const due = all?.filter(({ notAfterMs }) => expiryTone(notAfterMs - nowMs, GATEWAY_WARN_MS) !== 'ok').length ?? 0;
  return (
    <Panel
      title="Of gateways"
      beside={
        due > 0 && (
          <Badge tone="warn" shape>
            {due} to renew
          </Badge>
        )
      }
      sub="shown to clients outside of the mesh; keys are kept sealed"
      actions={
        <Button onClick={() => setStoring('new')}>
          <Plus aria-hidden="true" strokeWidth={1.75} />
          Store a certificate
        </Button>
      }
    >
      {query.isError && <QueryFailure what="Certificates" error={query.error} onRetry={() => void query.refetch()} />}
      {all === undefined && !query.isError && <SkeletonRows rows={2} columns={[200, 200, 80]} />}
      {all?.length === 0 && (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">
          None is stored. A listener names one in <code className="mono">tls.certificateRefs</code>; what is not stored,
          a gateway looks for in a folder of its host.
        </p>
      )}
      {all !== undefined && all.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th>Name</th>
              <th>Good for</th>
              <th>Shown by</th>
              <th className="num">Left</th>
              <th className="num">Until</th>
              <th aria-label="Actions" />
            </tr>
          </thead>
          <tbody>
            {all.map((certificate) => (
              <CertificateRow
                key={`${certificate.namespace}/${certificate.name}`}
                certificate={certificate}
                nowMs={nowMs}
                onReplace={() => setStoring(certificate)}
                onDelete={() => setDeleting(certificate)}
              />
            ))}
          </tbody>
        </table>
      )}
      {storing !== null && (
        <StoreCertificate replaces={storing === 'new' ? undefined : storing} onClose={() => setStoring(null)} />
      )}
      {deleting !== null && <DeleteCertificate certificate={deleting} onClose={() => setDeleting(null)} />}
    </Panel>
  );
}
