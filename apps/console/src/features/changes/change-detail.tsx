'use client';
import { countChanges, diffLines } from '@malha/model/line-diff';
// One revision: who, why, what followed, what it changed, how it spread, and taking it back.
import { useQuery } from '@tanstack/react-query';
import { FileText } from 'lucide-react';
import { DiffView } from '#components/code/diff-view.tsx';
import { Avatar, Badge } from '#components/ui/badge.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { Note, Skeleton, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { duration, inWords, plural } from '#format/number.ts';
import { momentWithSeconds } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { ChangeDetail as Detail, ObjectDiff, Propagation } from '#trpc/contract.ts';
import { compare, objectOf, takingBack, verdictOf } from './change-words.ts';
import { TakeBack } from './take-back.tsx';

function Head({ change, propagation }: { readonly change: Detail; readonly propagation: Propagation | undefined }) {
  const spread = propagation ?? change.propagation;
  const isActive = spread !== null && spread !== undefined && spread.active >= spread.total;
  return (
    <header className="flex items-start gap-3">
      <div className="min-w-0 flex-1">
        <h1 className="flex items-baseline gap-2.5 text-16 font-semi text-t0">
          <span className="mono text-t2">r{change.revision}</span>
          <span className="truncate">{change.message}</span>
        </h1>
        <p className="mt-1 flex flex-wrap items-center gap-2 text-12 text-t2">
          <Avatar name={change.author} size={20} />
          {change.author}
          <span>{momentWithSeconds(change.createdAtMs, Date.now())}</span>
          {spread !== null && spread !== undefined && spread.total > 0 && (
            <Badge tone={isActive ? 'ok' : 'info'} shape>
              active {spread.active}/{spread.total}
            </Badge>
          )}
          <Badge>{plural(change.objects.length, 'resource')}</Badge>
          {change.kind === 'revert' && change.revertOf !== undefined && change.revertOf !== null && (
            <ScopedLink href={`/changes/${change.revertOf}`} className="link">
              takes back r{change.revertOf}
            </ScopedLink>
          )}
        </p>
      </div>
      <TakeBack change={change} />
    </header>
  );
}

function BeforeAfter({ change }: { readonly change: Detail }) {
  const { before, after } = change;
  const verdict = verdictOf(before, after);
  if (before === null || after === null) {
    return (
      <p className="flex items-center gap-2 text-12 text-t2">
        <StatusShape tone="unknown" label="" />
        {verdict.words}
      </p>
    );
  }
  return (
    <>
      {verdict.tone === 'err' && (
        <Note tone="err">
          <b className="font-semi text-t0">{verdict.words}</b> That does not prove that it is the cause; look at what it
          touched.
        </Note>
      )}
      <Panel title="Before and after" sub="requests to the services that it touches">
        <dl className="grid grid-cols-4">
          {compare(before, after).map((row) => (
            <div key={row.name} className="border-line border-l px-4 py-3 first:border-l-0">
              <dt className="text-12 text-t2">{row.name}</dt>
              <dd className="mt-0.5 text-12 text-t3">
                {row.before} →{' '}
                <b className={`text-16 font-semi ${row.isWorse ? 'text-err-text' : 'text-t0'}`}>{row.after}</b>
              </dd>
            </div>
          ))}
        </dl>
      </Panel>
    </>
  );
}

function Difference({ diff }: { readonly diff: ObjectDiff }) {
  const { kind, namespace, name } = objectOf(diff.key);
  const { added, removed } = countChanges(diffLines(diff.before ?? '', diff.after ?? ''));
  const words = { create: 'made', delete: 'removed', update: 'changed', same: 'same' };
  const label = `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`;
  return (
    <section aria-label={label} className="border-line border-t first:border-t-0">
      <h3 className="flex h-8 items-center gap-2 px-4 text-12">
        <FileText aria-hidden="true" size={14} strokeWidth={1.75} className="text-t3" />
        <span className="mono text-t0">{kind}</span>
        <span className="mono text-t2">{namespace === '' ? name : `${namespace}/${name}`}</span>
        <Badge>{words[diff.op]}</Badge>
        <span className="ml-auto text-11">
          <span className="text-ok-text">+{added}</span> <span className="text-err-text">−{removed}</span>
        </span>
      </h3>
      <DiffView label={`Difference of ${label}`} before={diff.before ?? ''} after={diff.after ?? ''} />
    </section>
  );
}

/** One bar for each proxy, quickest first. */
function Spread({ propagation }: { readonly propagation: Propagation }) {
  const reached = propagation.proxies
    .filter((proxy) => proxy.latencyMs !== null)
    .sort((a, b) => (a.latencyMs ?? 0) - (b.latencyMs ?? 0));
  const longest = Math.max(1, ...reached.map((proxy) => proxy.latencyMs ?? 0));
  const problems = propagation.proxies.filter((proxy) => proxy.error !== null);
  return (
    <Panel
      title="Propagation"
      sub={plural(propagation.total, 'proxy', 'proxies')}
      actions={
        propagation.p99Ms !== null &&
        propagation.p99Ms > 0 && (
          <span className="text-12 text-t2">
            p50 {inWords(duration(propagation.p50Ms))} ·{' '}
            <b className="font-semi text-t0">p99 {inWords(duration(propagation.p99Ms))}</b>
          </span>
        )
      }
    >
      <div className="px-4 pt-4 pb-3">
        <div
          role="img"
          aria-label={`${reached.length} proxies reached, the slowest after ${inWords(duration(longest))}`}
          className="flex h-14 items-end gap-0.5"
        >
          {reached.map((proxy) => (
            <i
              key={proxy.workload}
              title={`${proxy.workload}: ${inWords(duration(proxy.latencyMs))}`}
              className="min-w-0 max-w-4 flex-1 rounded-[2px] bg-rest"
              style={{ height: `${Math.max(6, ((proxy.latencyMs ?? 0) / longest) * 100)}%` }}
            />
          ))}
          {reached.length === 0 && (
            <span className="text-12 text-t2">No proxy had anything to change, or none has answered yet.</span>
          )}
        </div>
        {reached.length > 0 && (
          <div className="mt-1.5 flex justify-between text-11 text-t3">
            <span>{inWords(duration(reached[0]?.latencyMs))}</span>
            <span>{inWords(duration(longest))}</span>
          </div>
        )}
        {problems.map((proxy) => (
          <p key={proxy.workload} className="mt-2 flex gap-2 text-12 text-err-text">
            <StatusShape tone="err" label="" className="mt-0.5" />
            {proxy.workload}: {proxy.error}
          </p>
        ))}
      </div>
    </Panel>
  );
}

export function ChangeDetail({ revision }: { readonly revision: number }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.changes.get.queryOptions({ revision }, { refetchInterval: 5_000 }));
  const propagation = useQuery(trpc.propagation.of.queryOptions({ revision }, { refetchInterval: 2_000 })).data;
  const change = query.data;
  if (change === undefined) {
    if (query.isError)
      return <QueryFailure what={`Revision r${revision}`} error={query.error} onRetry={() => void query.refetch()} />;
    return (
      <div role="status" aria-busy="true" aria-label="Reading the revision" className="p-5">
        <Skeleton className="h-6 w-80" />
        <div className="panel mt-4">
          <SkeletonRows rows={6} columns={[200, 300]} />
        </div>
      </div>
    );
  }
  return (
    <article className="grid min-w-0 gap-3 px-5 py-3" data-testid="change-detail">
      <Head change={change} propagation={propagation} />
      <BeforeAfter change={change} />
      <Panel title="Difference" className="overflow-hidden" sub={`r${revision - 1} → r${revision}`}>
        {change.diff.length === 0 && <p className="px-4 py-3 text-12 text-t2">It changed nothing.</p>}
        {change.diff.map((diff) => (
          <Difference key={diff.key} diff={diff} />
        ))}
      </Panel>
      <div className="grid grid-cols-2 items-start gap-3">
        {propagation !== undefined && <Spread propagation={propagation} />}
        <Panel title="If you take it back">
          <ul className="grid gap-2 px-4 py-3 text-12">
            {takingBack(change).map((line) => (
              <li key={line} className="flex gap-2">
                <StatusShape tone="ok" label="" className="mt-0.5" />
                {line}
              </li>
            ))}
          </ul>
        </Panel>
      </div>
    </article>
  );
}
