'use client';
// The foot of the editor: did the last revision arrive, what this one is called, and Apply.
import { CornerDownLeft, MessageSquare } from 'lucide-react';
import { Kbd } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { TextField } from '#components/ui/field.tsx';
import { ProxySquares } from '#features/proxies/index.ts';
import { duration, inWords } from '#format/number.ts';
import type { Propagation } from '#trpc/contract.ts';

export interface ApplyBarProps {
  readonly propagation: Propagation | undefined;
  readonly message: string;
  readonly proposal: string;
  readonly nextRevision: number | undefined;
  readonly isChanged: boolean;
  readonly isApplying: boolean;
  /** Why nothing can be applied now, in words; undefined = it can. */
  readonly hindrance: string | undefined;
  readonly onMessage: (message: string) => void;
  readonly onDiscard: () => void;
  readonly onApply: () => void;
}

function Arrival({ propagation }: { readonly propagation: Propagation }) {
  const late = propagation.total - propagation.active;
  return (
    <div
      className="flex items-center gap-3"
      data-testid="propagation"
      data-active={propagation.active}
      data-total={propagation.total}
      data-revision={propagation.revision}
      aria-live="polite"
    >
      <ProxySquares
        perRow={Math.max(1, Math.min(12, Math.ceil(propagation.proxies.length / 2)))}
        proxies={propagation.proxies.slice(0, 48).map((proxy) => ({ id: proxy.workload, state: proxy.state }))}
      />
      <div className="whitespace-nowrap text-12">
        <div>
          <b className="mono font-medium text-t0">r{propagation.revision}</b> active on{' '}
          <b className="font-medium text-t0">
            {propagation.active} of {propagation.total} proxies
          </b>
        </div>
        <div className="text-t3">
          {[
            // Zero: no proxy had to change, so nothing was timed.
            ...(propagation.p99Ms === null || propagation.p99Ms === 0
              ? []
              : [`p50 ${inWords(duration(propagation.p50Ms))}`, `p99 ${inWords(duration(propagation.p99Ms))}`]),
            ...(late > 0 ? [`${late} on the way`] : []),
          ].join(' · ')}
        </div>
      </div>
    </div>
  );
}

export function ApplyBar(props: ApplyBarProps) {
  const { propagation, isChanged, hindrance, nextRevision } = props;
  const isHeld = !isChanged || hindrance !== undefined;
  return (
    <form
      aria-label="Apply"
      className="flex h-14 shrink-0 items-center gap-3 border-control border-t bg-panel px-4 shadow-[0_-8px_24px_oklch(0_0_0/0.12)]"
      onSubmit={(event) => {
        event.preventDefault();
        if (!isHeld && !props.isApplying) props.onApply();
      }}
    >
      {propagation !== undefined && <Arrival propagation={propagation} />}
      {propagation !== undefined && <i aria-hidden="true" className="h-7 w-px bg-(--line-control)" />}
      {hindrance === undefined || !isChanged ? (
        <TextField
          aria-label="Message"
          className="h-8! flex-1"
          icon={<MessageSquare aria-hidden="true" strokeWidth={1.75} />}
          placeholder={isChanged ? props.proposal : 'Nothing changed yet'}
          value={props.message}
          maxLength={200}
          disabled={!isChanged}
          onChange={(event) => props.onMessage(event.target.value)}
        />
      ) : (
        <p className="min-w-0 flex-1 truncate text-12 text-t2" role="status">
          {hindrance}
        </p>
      )}
      <Button size="l" kind="ghost" disabled={!isChanged} onClick={props.onDiscard}>
        Discard
      </Button>
      <Button
        type="submit"
        size="l"
        kind="primary"
        disabled={isHeld}
        busy={props.isApplying ? 'Applying' : undefined}
        aria-keyshortcuts="Meta+Enter Control+Enter"
      >
        Apply{nextRevision !== undefined && ` as r${nextRevision}`}
        <Kbd>
          ⌘
          <CornerDownLeft aria-hidden="true" size={9} />
        </Kbd>
      </Button>
    </form>
  );
}
