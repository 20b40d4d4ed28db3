'use client';
// Join tokens: one identity, an end, a single use; and the command that uses it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Badge } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { Select } from '#components/ui/choice.tsx';
import { Dialog } from '#components/ui/dialog.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Labelled, TextField } from '#components/ui/field.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Secret } from '#components/ui/secret.tsx';
import { SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape, type Tone } from '#components/ui/status-shape.tsx';
import { notify } from '#components/ui/toast.tsx';
import { moment, span } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';

interface Token {
  readonly id: string;
  readonly spiffeId: string;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
  readonly revokedAtMs?: number | null | undefined;
  readonly createdBy: string;
}

const lifetimes = [
  { value: '900', label: '15 min' },
  { value: '3600', label: '1 h' },
  { value: '86400', label: '24 h' },
];

export function tokenState(
  token: Token,
  nowMs: number,
): { readonly tone: Tone; readonly words: string; readonly isOpen: boolean } {
  if (token.revokedAtMs !== null && token.revokedAtMs !== undefined)
    return { tone: 'unknown', words: 'revoked', isOpen: false };
  if (token.usedAtMs !== null) return { tone: 'ok', words: `used ${moment(token.usedAtMs, nowMs)}`, isOpen: false };
  if (token.expiresAtMs <= nowMs) return { tone: 'unknown', words: 'over', isOpen: false };
  return { tone: 'info', words: `${span(token.expiresAtMs - nowMs)} left`, isOpen: true };
}

/** Namespace and service account, as services are written everywhere; other identities in full. */
function IdentityName({ spiffeId }: { readonly spiffeId: string }) {
  const [, namespace, account] = /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(spiffeId) ?? [];
  if (namespace === undefined) return <span className="text-t0">{spiffeId}</span>;
  return (
    <>
      <span className="text-t2">{namespace}/</span>
      <span className="text-t0">{account}</span>
    </>
  );
}

function NewToken({
  isOpen,
  onClose,
  onMade,
}: {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onMade: (command: string) => void;
}) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const namespaces = useQuery(trpc.resources.namespaces.queryOptions()).data ?? [];
  const [namespace, setNamespace] = useState('');
  const [ttl, setTtl] = useState('3600');
  const create = useMutation(
    trpc.joinTokens.create.mutationOptions({
      onSuccess: ({ command }) => {
        void queryClient.invalidateQueries({ queryKey: trpc.joinTokens.list.queryKey() });
        onMade(command);
      },
      onError: (error) => notify({ tone: 'err', title: 'No token was made', detail: inPlainWords(error) }),
    }),
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const service = String(new FormData(event.currentTarget).get('service')).trim();
    create.mutate({ namespace: namespace || (namespaces[0] ?? 'default'), service, ttlSeconds: Number(ttl) });
  };
  return (
    <Dialog
      open={isOpen}
      onClose={onClose}
      title="Let a workload join"
      description="The token is good for one workload with one identity. Only its hash is kept."
    >
      <form className="grid gap-3 px-5 pt-3 pb-4" onSubmit={submit}>
        <Select
          label="Namespace"
          prefix="in namespace"
          value={namespace || (namespaces[0] ?? '')}
          onChange={setNamespace}
          options={namespaces.map((name) => ({ value: name, label: name }))}
        />
        <Labelled label="Service" htmlFor="token-service" hint="The service that the workload is an instance of.">
          <TextField
            id="token-service"
            name="service"
            mono
            required
            maxLength={63}
            pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
            placeholder="reviews"
          />
        </Labelled>
        <Select label="Lifetime" prefix="good for" value={ttl} onChange={setTtl} options={lifetimes} />
        <div className="flex justify-end gap-2 pt-1">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={create.isPending ? 'Making it' : undefined}>
            Make the command
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function TokensPanel() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.joinTokens.list.queryOptions(undefined, { refetchInterval: 10_000 }));
  const [isMaking, setMaking] = useState(false);
  const [command, setCommand] = useState<string | null>(null);
  const revoke = useMutation(
    trpc.joinTokens.revoke.mutationOptions({
      onSuccess: () => void queryClient.invalidateQueries({ queryKey: trpc.joinTokens.list.queryKey() }),
      onError: (error) => notify({ tone: 'err', title: 'Not revoked', detail: inPlainWords(error) }),
    }),
  );
  const nowMs = Date.now();
  const open = query.data?.filter((token) => tokenState(token, nowMs).isOpen).length ?? 0;
  return (
    <Panel
      title="Join tokens"
      beside={query.data !== undefined && <Badge>{open} open</Badge>}
      actions={
        <Button onClick={() => setMaking(true)}>
          <Plus aria-hidden="true" strokeWidth={1.75} />
          Let a workload join
        </Button>
      }
    >
      {query.isError && <QueryFailure what="Tokens" error={query.error} onRetry={() => void query.refetch()} />}
      {query.data === undefined && !query.isError && <SkeletonRows rows={3} columns={[240, 100, 60]} />}
      {query.data?.length === 0 && (
        <p className="px-4 py-3 text-12 text-t2">
          No token was made yet. Make one to get the command that joins a workload.
        </p>
      )}
      {query.data !== undefined && query.data.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th>For</th>
              <th>State</th>
              <th>Made by</th>
              <th>
                <span className="sr-only">Revoke</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {query.data.slice(0, 50).map((token) => {
              const state = tokenState(token, nowMs);
              return (
                <tr key={token.id}>
                  <td className="mono" title={token.spiffeId}>
                    <IdentityName spiffeId={token.spiffeId} />
                  </td>
                  <td>
                    <span className="flex items-center gap-1.5 text-t2">
                      <StatusShape tone={state.tone} label="" />
                      {state.words}
                    </span>
                  </td>
                  <td className="text-t2">{token.createdBy}</td>
                  <td className="num">
                    {state.isOpen && (
                      <Button size="s" kind="danger" onClick={() => revoke.mutate({ id: token.id })}>
                        Revoke
                      </Button>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      <NewToken
        isOpen={isMaking}
        onClose={() => setMaking(false)}
        onMade={(made) => {
          setMaking(false);
          setCommand(made);
        }}
      />
      <Dialog
        open={command !== null}
        onClose={() => setCommand(null)}
        width={640}
        title="Run this where the workload is"
        description="It starts your command with a proxy beside it; the token in it is shown once."
        actions={<Button onClick={() => setCommand(null)}>Done</Button>}
      >
        <div className="px-5 pt-3">
          <Secret label="Command" text={command ?? ''} />
        </div>
      </Dialog>
    </Panel>
  );
}
