'use client';
// What the draft would do to the calls of the last five minutes, before it is applied.
import { Badge, SeriesDot } from '#components/ui/badge.tsx';
import { SplitBar } from '#components/ui/bars.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { Skeleton } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { inPlainWords } from '#trpc/errors.ts';
import { checksOf, headlineOf, type Impact, perMinuteInWords, sharesInWords } from '../model/impact-words.ts';
import { useImpact } from '../use-impact.ts';

const CALLERS_SHOWN = 4;

function Shares({ impact }: { readonly impact: Impact }) {
  const rows = sharesInWords(impact);
  return (
    <>
      {(['now', 'after'] as const).map((when) => (
        <div key={when} className="mt-2 grid grid-cols-[48px_minmax(0,1fr)] items-center text-11 text-t3">
          {when}
          <SplitBar
            shares={impact.targets.map((target, index) => ({
              name: target.name,
              share: target[when],
              colour: seriesColour(index),
            }))}
          />
        </div>
      ))}
      <table className="mt-3 w-full text-12">
        <thead className="text-11 text-t3">
          <tr>
            <th className="py-0.5 text-left font-regular">goes to</th>
            <th className="text-right font-regular">now</th>
            <th className="text-right font-regular">after</th>
            <th className="text-right font-regular">moves</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row.name}>
              <td className="mono max-w-24 truncate py-0.5 text-t0">
                <SeriesDot colour={seriesColour(index)} /> {row.name}
              </td>
              <td className="live-figure text-right text-t2">{row.now}</td>
              <td className="live-figure text-right text-t0">{row.after}</td>
              <td className="live-figure text-right text-t0">{row.moves}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Callers({ impact, namespace }: { readonly impact: Impact; readonly namespace: string }) {
  const touched = impact.callers.filter(({ movedPerMinute }) => movedPerMinute > 0);
  if (touched.length === 0) return null;
  return (
    <div className="mt-3 border-line border-t pt-2 text-12">
      <h3 className="mb-1 text-11 text-t3">Touched callers</h3>
      <ul>
        {touched.slice(0, CALLERS_SHOWN).map((caller) => (
          <li key={`${caller.namespace}/${caller.name}`} className="flex gap-2 py-0.5">
            <span className="mono min-w-0 flex-1 truncate text-t0">
              {caller.namespace !== namespace && <span className="text-t2">{caller.namespace}/</span>}
              {caller.name || 'outside the mesh'}
            </span>
            <span className="live-figure whitespace-nowrap text-t2">
              {perMinuteInWords(caller.movedPerMinute)} of {perMinuteInWords(caller.perMinute)} a minute
            </span>
          </li>
        ))}
        {touched.length > CALLERS_SHOWN && <li className="text-t3">and {touched.length - CALLERS_SHOWN} more</li>}
      </ul>
    </div>
  );
}

export interface ImpactPanelProps {
  readonly namespace: string;
  readonly service: string;
  /** The draft, while it differs and can be read. */
  readonly yaml: string;
}

export function ImpactPanel({ namespace, service, yaml }: ImpactPanelProps) {
  const { data: impact, error, isStale } = useImpact({ namespace, service, yaml });
  return (
    <section aria-label="Impact" className="border-line border-t px-4 pb-4" data-testid="impact" aria-busy={isStale}>
      <h2 className="flex h-10 items-center gap-2 font-semi text-t0">
        Impact <Badge tone="info">replayed</Badge>
      </h2>
      {impact === undefined && error === null && <Skeleton className="h-24" />}
      {impact === undefined && error !== null && (
        <p className="flex gap-2 text-12 text-t2">
          <StatusShape tone="warn" label="" className="mt-0.5" />
          Not known: {inPlainWords(error)}
        </p>
      )}
      {impact !== undefined && (
        <div className={isStale ? 'opacity-60' : ''} aria-live="polite">
          <p className="text-14 leading-5 text-t1">{headlineOf(impact, service)}</p>
          {impact.requests > 0 && (
            <>
              <Shares impact={impact} />
              <Callers impact={impact} namespace={namespace} />
              <ul className="mt-3 grid gap-1 border-line border-t pt-2 text-12 text-t2">
                {checksOf(impact).map((check) => (
                  <li key={check.words} className="flex gap-2">
                    <StatusShape tone={check.tone} label="" className="mt-0.5 shrink-0" />
                    {check.words}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      )}
    </section>
  );
}
