// What the marks of a waterfall mean; only those that it has.
import { Kbd } from '#components/ui/badge.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import type { Hop } from './hop.ts';
import { HOP_ICONS, iconKindOf } from './hop-icons.ts';

const WORDS = { attempt: 'attempt', hedge: 'hedge', backoff: 'back-off', fault: 'injected delay' } as const;

export function TraceLegend({ hops }: { readonly hops: readonly Hop[] }) {
  const kinds = new Set(hops.flatMap((hop) => iconKindOf(hop) ?? []));
  return (
    <p className="flex flex-wrap items-center gap-5 px-5 py-3 text-11 text-t3">
      <span className="flex items-center gap-1.5">
        <i className="h-0.5 w-4 bg-t0" /> critical path
      </span>
      {[...kinds].map((kind) => {
        const Icon = HOP_ICONS[kind];
        return (
          <span key={kind} className="flex items-center gap-1.5">
            <Icon aria-hidden="true" size={12} strokeWidth={1.75} /> {WORDS[kind]}
          </span>
        );
      })}
      {hops.some(({ isFailed }) => isFailed) && (
        <span className="flex items-center gap-1.5">
          <StatusShape tone="err" size={10} label="" /> failed
        </span>
      )}
      <span className="ml-auto flex items-center gap-1.5">
        <Kbd>j</Kbd>
        <Kbd>k</Kbd> move
      </span>
    </p>
  );
}
