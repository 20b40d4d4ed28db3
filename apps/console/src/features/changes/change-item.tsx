// One revision in a short list: who, what, when, and whether it arrived.
import { Avatar } from '#components/ui/badge.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { moment } from '#format/time.ts';
import type { ChangeSummary } from '#trpc/contract.ts';

export function ChangeItem({ change, nowMs }: { readonly change: ChangeSummary; readonly nowMs: number }) {
  return (
    <li className="border-line border-t first:border-t-0">
      <ScopedLink
        href={`/changes/${change.revision}`}
        className="flex items-center gap-2.5 px-4 py-[5px] text-12 leading-[18px] hover:bg-raised"
      >
        <Avatar name={change.author} size={20} />
        <span className="min-w-0 flex-1">
          <span className="block truncate text-t0">{change.message}</span>
          <span className="block truncate text-11 text-t3">
            {change.author} · {moment(change.createdAtMs, nowMs)}
          </span>
        </span>
        <span className="text-right text-11 text-t3">
          <span className="mono block text-12 text-t1">r{change.revision}</span>
          {change.propagation !== null && `${change.propagation.active}/${change.propagation.total}`}
        </span>
      </ScopedLink>
    </li>
  );
}
