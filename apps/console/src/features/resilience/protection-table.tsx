'use client';
// Timeouts and retries by who calls whom, beside what they had to do.
import { Figure } from '#components/ui/figure.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { useSteadyOrder } from '#components/ui/use-steady-order.ts';
import type { Standing } from '#features/standing/index.ts';
import { inWords, percent, rate } from '#format/number.ts';
import { defaultsOf, nameOf, remarkOf, timeoutInWords, toneOf } from './resilience-words.ts';
import type { ProtectedEdge } from './use-resilience.ts';

export interface ProtectionTableProps {
  readonly edges: readonly ProtectedEdge[];
  /** Undefined: not known yet. */
  readonly standing: Standing | undefined;
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

function BudgetBar({ edge }: { readonly edge: ProtectedEdge }) {
  if (edge.budgetUsed === null) return <span className="text-t3">no budget</span>;
  const share = Math.min(1, edge.budgetUsed);
  return (
    <span className="flex items-center gap-2">
      <span aria-hidden="true" className="h-1.5 w-16 overflow-hidden rounded-full bg-track">
        <span
          className="block h-full rounded-full"
          style={{ width: `${share * 100}%`, background: share >= 0.8 ? 'var(--warn)' : 'var(--s-1)' }}
        />
      </span>
      <span className="live-figure w-12 text-t2">{inWords(percent(share))}</span>
    </span>
  );
}

interface RowProps extends Pick<ProtectionTableProps, 'standing'> {
  readonly edge: ProtectedEdge;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

/** What the mesh does by itself is quieter than what somebody has said. */
function Figured({ text, isDefault }: { readonly text: string; readonly isDefault: boolean }) {
  return <td className={`num ${isDefault ? 'text-t3' : 'text-t0'}`}>{text}</td>;
}

function Row({ edge, standing, isSelected, onSelect }: RowProps) {
  const { protection } = edge;
  const remark = remarkOf(edge, standing);
  const isDefault = defaultsOf(edge);
  return (
    <tr aria-selected={isSelected} data-href={edge.id} data-testid={`protection-${edge.id}`} onClick={onSelect}>
      <td>
        <span className="flex items-center gap-2">
          <StatusShape tone={toneOf(edge, standing)} />
          <button
            type="button"
            aria-pressed={isSelected}
            className="mono truncate rounded-1 text-left text-t0 hover:underline"
            onClick={(event) => {
              event.stopPropagation();
              onSelect();
            }}
          >
            {nameOf(edge)}
          </button>
        </span>
      </td>
      <Figured text={timeoutInWords(protection.connectTimeoutMs)} isDefault={isDefault.connect} />
      <Figured
        text={protection.rule === null ? '–' : timeoutInWords(protection.rule.requestTimeoutMs)}
        isDefault={isDefault.request}
      />
      <Figured text={String(protection.rule?.retry.attempts ?? '–')} isDefault={isDefault.retries} />
      <td className="num">
        {edge.retriesPerSecond === 0 ? (
          <span className="text-t3">–</span>
        ) : (
          <Figure value={rate(edge.retriesPerSecond)} className="live-figure" />
        )}
      </td>
      <td>
        <BudgetBar edge={edge} />
      </td>
      <td className={`w-full max-w-0 truncate ${remark === 'defaults' ? 'text-t3' : 'text-t2'}`} title={remark}>
        {remark}
      </td>
    </tr>
  );
}

const idOf = (edge: ProtectedEdge) => edge.id;

export function ProtectionTable({ edges, standing, selected, onSelect }: ProtectionTableProps) {
  const steady = useSteadyOrder(edges, idOf);
  return (
    <table className="table" {...steady.hold}>
      <thead>
        <tr>
          <th className="min-w-52">Call</th>
          <th className="num">Connect</th>
          <th className="num">Request</th>
          <th className="num">Retries</th>
          <th className="num">Now</th>
          <th>Budget used</th>
          <th className="w-full">Remark</th>
        </tr>
      </thead>
      <tbody>
        {steady.rows.map((edge) => (
          <Row
            key={edge.id}
            edge={edge}
            standing={standing}
            isSelected={edge.id === selected}
            onSelect={() => onSelect(edge.id === selected ? '' : edge.id)}
          />
        ))}
      </tbody>
    </table>
  );
}
