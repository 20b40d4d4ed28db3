'use client';
// What the draft would change, call by call, before it is applied.
import { useQuery } from '@tanstack/react-query';
import { Badge } from '#components/ui/badge.tsx';
import { Skeleton } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useScope } from '#features/scope/index.ts';
import { inWords, plural, rate } from '#format/number.ts';
import { useTRPC } from '#trpc/client.ts';
import { inPlainWords } from '#trpc/errors.ts';
import { changesInWords, touchedInWords } from '../model/effect-words.ts';
import { type PolicyView, targetOf } from '../model/policy.ts';
import { type ProtectionPreview, usePreview } from '../use-preview.ts';

const CALLS_SHOWN = 8;

function Calls({ preview }: { readonly preview: ProtectionPreview }) {
  const { changes, compared } = preview;
  if (changes.length === 0)
    return (
      <p className="text-12 text-t2">
        Of {plural(compared, 'call path')} none is protected in another way than now.
        {compared === 0 && ' Nothing was called in this time.'}
      </p>
    );
  return (
    <>
      <p className="text-14 leading-5 text-t1">
        <b className="font-semi text-t0">{plural(changes.length, 'call path')}</b> of {compared} would be protected
        differently.
      </p>
      <ul className="mt-2 grid gap-2">
        {changes.slice(0, CALLS_SHOWN).map((change) => (
          <li key={change.id} className="text-12">
            <p className="flex gap-2">
              <span className="mono min-w-0 flex-1 truncate text-t0">
                {change.source.name} → {change.target.name}
              </span>
              <span className="live-figure text-t2">{inWords(rate(change.requestsPerSecond))}</span>
            </p>
            {changesInWords(change).map((words) => (
              <p key={words} className="text-11 leading-4 text-t2">
                {words}
              </p>
            ))}
          </li>
        ))}
      </ul>
      {changes.length > CALLS_SHOWN && <p className="mt-2 text-11 text-t3">and {changes.length - CALLS_SHOWN} more</p>}
    </>
  );
}

function TrafficEffect({ text }: { readonly text: string }) {
  const { data, error, isStale } = usePreview(text);
  if (data === undefined && error === null) return <Skeleton className="h-16" />;
  if (data === undefined)
    return (
      <p className="flex gap-2 text-12 text-t2">
        <StatusShape tone="warn" label="" className="mt-0.5" />
        Not known: {error === null ? '' : inPlainWords(error)}
      </p>
    );
  return (
    <div className={isStale ? 'opacity-60' : ''} aria-live="polite">
      <Calls preview={data} />
    </div>
  );
}

/** Of a limit or a fault: how much traffic its target has now. */
function RateEffect({ view }: { readonly view: PolicyView }) {
  const trpc = useTRPC();
  const { range } = useScope();
  const target = targetOf(view.spec);
  const rows = useQuery(trpc.services.list.queryOptions({ range }, { staleTime: 10_000 })).data;
  if (target.kind !== 'Service')
    return <p className="text-12 text-t2">What this is in requests is known for a target of kind Service.</p>;
  const row = rows?.find(({ namespace, name }) => namespace === view.namespace && name === target.name);
  if (rows === undefined) return <Skeleton className="h-16" />;
  const words = row === undefined ? [] : touchedInWords(view, row.golden.requestsPerSecond);
  return (
    <ul className="grid gap-1 text-12 text-t1">
      {row === undefined && <li>{target.name} was not called in this time.</li>}
      {words.map((each) => (
        <li key={each}>{each}</li>
      ))}
    </ul>
  );
}

export function EffectPanel({ view, text }: { readonly view: PolicyView; readonly text: string }) {
  return (
    <section aria-label="Impact" className="border-line border-t px-4 pb-4" data-testid="impact">
      <h2 className="flex h-10 items-center gap-2 font-semi text-t0">
        Impact <Badge tone="info">{view.kind === 'TrafficPolicy' ? 'compiled' : 'measured'}</Badge>
      </h2>
      {view.kind === 'TrafficPolicy' ? <TrafficEffect text={text} /> : <RateEffect view={view} />}
    </section>
  );
}
