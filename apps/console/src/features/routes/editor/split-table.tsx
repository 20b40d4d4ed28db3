'use client';
// Weights of one rule: a slider each, locks, what is asked beside what is measured.
import { Lock, LockOpen, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { SeriesDot } from '#components/ui/badge.tsx';
import { MeasuredBar } from '#components/ui/bars.tsx';
import { IconButton } from '#components/ui/button.tsx';
import { seriesColour } from '#components/ui/series-colour.ts';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { WeightSlider } from '#components/ui/weight-slider.tsx';
import { count, plural } from '#format/number.ts';
import type { MeasuredSplit } from '#trpc/contract.ts';
import type { BackendView, RuleView } from '../model/view.ts';
import { boundsOf, setShare, sharesOf } from '../model/weights.ts';
import { versionOf } from '../model/words.ts';
import { PercentField } from './percent-field.tsx';

/** Below this many requests a measured share says little. */
export const SAMPLES_MIN = 50;

export interface SplitTableProps {
  readonly rule: RuleView;
  readonly baseRule: RuleView | undefined;
  readonly measured: MeasuredSplit | undefined;
  readonly instances: ReadonlyMap<string, number>;
  readonly isReadOnly: boolean;
  readonly focused: number | undefined;
  readonly onWeights: (weights: readonly number[]) => void;
  readonly onRemove: (backend: number) => void;
  readonly onFocus: (backend: number | undefined) => void;
}

function measuredShare(measured: MeasuredSplit | undefined, version: string): number | null {
  if (measured === undefined || measured.total < SAMPLES_MIN) return null;
  return measured.backends.find((backend) => backend.version === version)?.share ?? 0;
}

/** Shares are shown as whole percents unless the stored weights say otherwise. */
function shown(share: number): string {
  return Number.isInteger(share) ? String(share) : share.toFixed(1);
}

interface RowProps {
  readonly backend: BackendView;
  readonly index: number;
  readonly share: number;
  readonly was: number | undefined;
  readonly bounds: { readonly min: number; readonly max: number };
  readonly isLocked: boolean;
  readonly table: SplitTableProps;
  readonly onLock: () => void;
  readonly onStart: () => void;
  readonly onShare: (value: number) => void;
}

function SplitRow({ backend, index, share, was, bounds, isLocked, table, onLock, onStart, onShare }: RowProps) {
  const version = versionOf(backend);
  const colour = seriesColour(index);
  const share01 = measuredShare(table.measured, version);
  const instances = table.instances.get(version);
  const LockIcon = isLocked ? Lock : LockOpen;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only watches which of its controls has the focus
    <div
      data-testid={`split-${version}`}
      className={`group grid h-11 grid-cols-[24px_74px_minmax(60px,1fr)_58px_150px_20px] items-center gap-x-3 border-line border-t pr-2 pl-4 max-[1359px]:grid-cols-[24px_66px_minmax(50px,1fr)_56px_120px_20px] max-[1359px]:gap-x-2 ${table.focused === index ? 'bg-raised' : ''}`}
      onFocus={() => table.onFocus(index)}
    >
      <IconButton
        label={isLocked ? `Unlock ${version}` : `Lock ${version}`}
        aria-pressed={isLocked}
        kind={isLocked ? 'default' : 'ghost'}
        size="s"
        disabled={table.isReadOnly}
        onClick={onLock}
      >
        <LockIcon aria-hidden="true" strokeWidth={1.75} />
      </IconButton>
      <span className="min-w-0 text-12 leading-4">
        <span className="flex items-center gap-1">
          <SeriesDot colour={colour} />
          <span className="mono truncate font-medium text-t0">{version}</span>
        </span>
        <span className="block truncate text-11 text-t3">
          {instances === undefined ? 'no instance' : plural(instances, 'instance')}
        </span>
      </span>
      <WeightSlider
        label={`Weight of ${version}`}
        value={Math.round(share)}
        bounds={bounds}
        {...(was !== undefined && { was: Math.round(was) })}
        colour={colour}
        isLocked={isLocked}
        isDisabled={table.isReadOnly}
        onStart={onStart}
        onChange={onShare}
      />
      <PercentField
        label={`Percent of ${version}`}
        text={shown(share)}
        bounds={bounds}
        isReadOnly={isLocked || table.isReadOnly || bounds.min === bounds.max}
        onStart={onStart}
        onChange={onShare}
      />
      <span>
        <span className="mb-1 flex justify-between text-11 leading-[14px] text-t3">
          <span>asked {shown(share)} %</span>
          <b className="live-figure font-medium text-t0" data-testid={`measured-${version}`}>
            {share01 === null ? '–' : `${(share01 * 100).toFixed(1)} %`}
          </b>
        </span>
        <MeasuredBar name={version} asked={share / 100} measured={share01} colour={colour} />
      </span>
      {!table.isReadOnly && share === 0 ? (
        <button
          type="button"
          aria-label={`Remove ${version} from this rule`}
          title={`Remove ${version} from this rule`}
          className="grid size-5 place-items-center rounded-1 text-t3 opacity-0 hover:text-t0 focus-visible:opacity-100 group-hover:opacity-100"
          onClick={() => table.onRemove(index)}
        >
          <X aria-hidden="true" size={12} />
        </button>
      ) : (
        <span />
      )}
    </div>
  );
}

function Sum({
  weights,
  locked,
  names,
  measured,
}: {
  readonly weights: readonly number[];
  readonly locked: readonly boolean[];
  readonly names: readonly string[];
  readonly measured: MeasuredSplit | undefined;
}) {
  const isEmpty = weights.every((weight) => weight === 0);
  const shares = sharesOf(weights);
  const held = names.filter((_, index) => locked[index]);
  const free = names.filter((_, index) => !locked[index]);
  const left = Math.round(shares.reduce((sum, share, index) => (locked[index] ? sum : sum + share), 0));
  return (
    <div className="flex min-h-10 items-center gap-2 border-line border-t px-4 py-1 text-12">
      <StatusShape tone={isEmpty ? 'warn' : 'ok'} label="" />
      <b className="font-medium text-t0">{isEmpty ? 'Every weight is 0' : 'Sum 100 %'}</b>
      <span className="min-w-0 truncate text-t3 max-[1359px]:hidden">
        {isEmpty
          ? 'requests that match get 500'
          : held.length > 0 &&
            `${held.join(', ')} ${held.length === 1 ? 'is' : 'are'} locked: ${free.join(' and ')} share ${left} %`}
      </span>
      <span
        className="ml-auto whitespace-nowrap text-t3"
        data-testid="measured-total"
        data-total={measured?.total ?? 0}
      >
        {measured === undefined
          ? 'not measured yet'
          : `${plural(measured.total, 'request')} measured${measured.total < SAMPLES_MIN ? `, shown from ${count(SAMPLES_MIN)}` : ''}`}
      </span>
    </div>
  );
}

export function SplitTable(props: SplitTableProps) {
  const { rule, baseRule, onWeights } = props;
  const weights = rule.backends.map((backend) => backend.weight);
  const names = rule.backends.map(versionOf);
  const [lockedNames, setLockedNames] = useState<ReadonlySet<string>>(new Set());
  const locked = names.map((name) => lockedNames.has(name));
  const shares = sharesOf(weights);
  const baseShares = sharesOf(baseRule?.backends.map((backend) => backend.weight) ?? []);
  // What others give way from stands still during one move; an edit from elsewhere begins a new one.
  const move = useRef<{ readonly from: readonly number[]; readonly made: readonly number[] }>({
    from: weights,
    made: weights,
  });

  const start = () => {
    move.current = { from: weights, made: weights };
  };
  const share = (index: number, value: number) => {
    const isContinued = move.current.made.join() === weights.join();
    const from = isContinued ? move.current.from : weights;
    const made = setShare({ from, locked, index, value });
    move.current = { from, made };
    onWeights(made);
  };
  const toggleLock = (name: string) =>
    setLockedNames((current) => {
      const next = new Set(current);
      if (!next.delete(name)) next.add(name);
      return next;
    });

  return (
    <>
      <div className="grid h-7 grid-cols-[24px_74px_minmax(60px,1fr)_58px_150px_20px] items-center gap-x-3 pr-2 pl-4 text-11 font-medium text-t3 max-[1359px]:grid-cols-[24px_66px_minmax(50px,1fr)_56px_120px_20px] max-[1359px]:gap-x-2">
        <span />
        <span>Version</span>
        <span>Weight</span>
        <span />
        <span className="flex justify-between">
          <span>Asked</span>
          <span>Measured</span>
        </span>
        <span />
      </div>
      {rule.backends.map((backend, index) => {
        const name = names[index] ?? '';
        const was = baseRule?.backends.findIndex((old) => old.name === backend.name) ?? -1;
        return (
          <SplitRow
            key={backend.name}
            backend={backend}
            index={index}
            share={shares[index] ?? 0}
            was={was === -1 ? undefined : baseShares[was]}
            bounds={boundsOf({ from: weights, locked, index })}
            isLocked={locked[index] ?? false}
            table={props}
            onLock={() => toggleLock(name)}
            onStart={start}
            onShare={(value) => share(index, value)}
          />
        );
      })}
      <Sum weights={weights} locked={locked} names={names} measured={props.measured} />
    </>
  );
}
