// Figures of an experiment before, during and after: each bound of the hypothesis, and who was touched.
import { Badge } from '#components/ui/badge.tsx';
import { Panel } from '#components/ui/panel.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import {
  type BoundRow,
  boundsOf,
  measuredOf,
  OUTCOME_TONES,
  PHASES,
  type Phase,
  type TouchedRow,
  touchedOf,
} from './experiment-words.ts';
import type { Report } from './use-experiments.ts';

function Measured({ row, phase }: { readonly row: BoundRow; readonly phase: Phase }) {
  const result = row.phases[phase];
  if (result === undefined) return <td className="num text-t3">–</td>;
  return (
    <td className="num">
      <span className="inline-flex items-center gap-1.5">
        {measuredOf(result)}
        <StatusShape tone={OUTCOME_TONES[result.outcome]} size={10} label={result.outcome} />
      </span>
    </td>
  );
}

export function HypothesisTable({ report }: { readonly report: Report }) {
  const rows = boundsOf(report);
  return (
    <Panel title="Hypothesis" sub="each bound, held against what was measured" className="overflow-hidden">
      {rows.length === 0 ? (
        <p className="border-line border-t px-4 py-3 text-12 text-t2">Nothing was measured yet.</p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th>Service</th>
              <th>Bound</th>
              <th className="num">Before</th>
              <th className="num">During</th>
              <th className="num">After</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.key}>
                <td className="mono text-t0">{row.who || 'no caller'}</td>
                <td>{row.words}</td>
                {PHASES.map((phase) => (
                  <Measured key={phase} row={row} phase={phase} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

/** `0.10 % → 29.8 % → 0 %` */
function Over({ of }: { readonly of: TouchedRow['p99'] }) {
  return (
    <>
      <td className="num text-t2">{of.before}</td>
      <td className="num text-t0">{of.during}</td>
      <td className="num text-t2">{of.after}</td>
    </>
  );
}

export function TouchedTable({ report, target }: { readonly report: Report; readonly target: string }) {
  return (
    <Panel
      title="Who was touched"
      sub="what each answered, and how much of it the fault acted on; three figures are before, during and after"
      className="overflow-hidden"
    >
      <div className="overflow-x-auto">
        <table className="table">
          <thead>
            <tr>
              <th>Service</th>
              <th className="num">Acted on</th>
              {['Requests', 'Failed', 'p99'].map((name) => (
                <th key={name} className="num" colSpan={3}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {touchedOf(report, target).map((row) => (
              <tr key={`${row.who} ${row.isTarget}`}>
                <td className="mono text-t0">
                  {row.who} {row.isTarget && <Badge>target</Badge>}
                </td>
                <td className="num">{row.faulted}</td>
                <Over of={row.requests} />
                <Over of={row.failures} />
                <Over of={row.p99} />
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
