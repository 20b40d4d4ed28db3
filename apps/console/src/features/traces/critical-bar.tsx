// What the time of a trace was spent on: the critical path as one bar, by service.
import { SeriesDot } from '#components/ui/badge.tsx';
import { duration, inWords, percent } from '#format/number.ts';
import type { Waterfall } from './waterfall.ts';

export function CriticalBar({
  waterfall,
  colours,
}: {
  readonly waterfall: Waterfall;
  readonly colours: ReadonlyMap<string, string>;
}) {
  return (
    <section aria-label="Critical path" className="px-5 py-3">
      <p className="mb-1.5 text-11 text-t3">
        <b className="font-medium text-t2">Critical path</b> what the {inWords(duration(waterfall.durationMs))} were
        spent on
      </p>
      <div aria-hidden="true" className="flex h-2 gap-0.5 overflow-hidden rounded-[3px]">
        {waterfall.byService.map(({ service, share }) => (
          <span
            key={service}
            className="block h-full min-w-0.5"
            style={{ width: `${share * 100}%`, background: colours.get(service) }}
          />
        ))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-11">
        {waterfall.byService.slice(0, 8).map(({ service, ms, share }) => (
          <li key={service} className="flex items-center gap-1.5">
            <SeriesDot colour={colours.get(service) ?? ''} />
            <span className="mono text-t2">{service}</span>
            <b className="font-medium text-t0">{inWords(duration(ms))}</b>
            <span className="text-t3">{inWords(percent(share, 1))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
