'use client';
// Who changed what, when; take it back. The list by days, one revision beside it.
import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useSubscription } from '@trpc/tanstack-react-query';
import { History, Search } from 'lucide-react';
import { useSearchParams } from 'next/navigation';
import { Avatar, Badge } from '#components/ui/badge.tsx';
import { Button } from '#components/ui/button.tsx';
import { QueryFailure } from '#components/ui/error-words.tsx';
import { TextField } from '#components/ui/field.tsx';
import { Empty, SkeletonRows } from '#components/ui/states.tsx';
import { StatusShape } from '#components/ui/status-shape.tsx';
import { ScopedLink, useScope, useViewParameter } from '#features/scope/index.ts';
import { plural } from '#format/number.ts';
import { clock, dayName } from '#format/time.ts';
import { useTRPC } from '#trpc/client.ts';
import type { ChangeSummary } from '#trpc/contract.ts';
import { ChangeDetail } from './change-detail.tsx';
import { objectOf } from './change-words.ts';

const PAGE = 50;

function isFound(change: ChangeSummary, words: string, object: string): boolean {
  if (object !== '' && !change.objects.some(({ key }) => key === object)) return false;
  const text =
    `r${change.revision} ${change.author} ${change.message} ${change.objects.map(({ key }) => key).join(' ')}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function Item({
  change,
  isCurrent,
  isTakenBack,
}: {
  readonly change: ChangeSummary;
  readonly isCurrent: boolean;
  readonly isTakenBack: boolean;
}) {
  const params = useSearchParams();
  const keep = new URLSearchParams([...params].filter(([name]) => name === 'q' || name === 'object')).toString();
  const [first] = change.objects;
  const spread = change.propagation;
  const isActive = spread !== null && spread.active >= spread.total;
  return (
    <li>
      <ScopedLink
        href={`/changes/${change.revision}${keep === '' ? '' : `?${keep}`}`}
        aria-current={isCurrent ? 'page' : undefined}
        data-testid={`change-${change.revision}`}
        className={`grid grid-cols-[20px_44px_minmax(0,1fr)_auto] items-center gap-x-2.5 border-line border-b px-4 py-1.5 text-12 leading-[18px] ${isCurrent ? 'bg-accent-tint shadow-[inset_2px_0_0_var(--accent)]' : 'hover:bg-raised'}`}
      >
        <span className="row-span-2">
          <Avatar name={change.author} size={20} />
        </span>
        <span className="mono row-span-2 text-t2">r{change.revision}</span>
        <span className={`truncate text-t0 ${isTakenBack ? 'text-t3! line-through' : ''}`}>{change.message}</span>
        <span className="text-right text-t3">{clock(change.createdAtMs)}</span>
        <span className="truncate text-11 text-t3">
          {change.author}
          {first !== undefined && ` · ${objectOf(first.key).kind} ${objectOf(first.key).name}`}
          {change.objects.length > 1 && ` and ${change.objects.length - 1} more`}
        </span>
        {spread !== null && spread.total > 0 && (
          <span className="flex items-center justify-end gap-1 text-11 text-t3">
            <StatusShape tone={isActive ? 'ok' : 'info'} size={10} label="" />
            {spread.active}/{spread.total}
          </span>
        )}
      </ScopedLink>
    </li>
  );
}

function useChangeList() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  useSubscription(
    trpc.changes.onRevision.subscriptionOptions(undefined, {
      onData: () => void queryClient.invalidateQueries({ queryKey: trpc.changes.list.pathKey() }),
    }),
  );
  return useInfiniteQuery(
    trpc.changes.list.infiniteQueryOptions(
      { limit: PAGE },
      { getNextPageParam: (page) => page.nextCursor ?? undefined, placeholderData: keepPreviousData },
    ),
  );
}

export function ChangesPage({ revision }: { readonly revision: number | undefined }) {
  const scope = useScope();
  const [find, setFind] = useViewParameter('q');
  const [object, setObject] = useViewParameter('object');
  const query = useChangeList();
  if (query.data === undefined && query.isError)
    return <QueryFailure what="The history" error={query.error} onRetry={() => void query.refetch()} />;
  const all = query.data?.pages.flatMap((page) => page.items);
  const takenBack = new Set(all?.flatMap((change) => change.revertOf ?? []));
  const items = all
    ?.filter((change) => isFound(change, find, object))
    .filter(
      (change) =>
        scope.namespaces.length === 0 ||
        change.objects.some(({ key }) => scope.namespaces.includes(objectOf(key).namespace)),
    );
  const shown = revision ?? items?.[0]?.revision;
  const nowMs = Date.now();
  const days = [...new Set(items?.map((change) => dayName(change.createdAtMs, nowMs)))];
  return (
    <div className="grid h-full min-h-0 grid-cols-[378px_minmax(0,1fr)] max-[1359px]:grid-cols-[330px_minmax(0,1fr)]">
      <div className="flex min-h-0 flex-col border-line border-r">
        <div className="flex shrink-0 gap-2 border-line border-b px-3 py-2">
          <TextField
            aria-label="Find a change"
            data-page-search=""
            className="flex-1"
            icon={<Search aria-hidden="true" strokeWidth={1.75} />}
            placeholder="Author, object, message"
            value={find}
            onChange={(event) => setFind(event.target.value)}
          />
          {object !== '' && (
            <Button title={object} onClick={() => setObject('')}>
              {objectOf(object).name} ×
            </Button>
          )}
        </div>
        <nav aria-label="Revisions" className="min-h-0 flex-1 overflow-auto">
          {items === undefined && <SkeletonRows rows={12} columns={[20, 160, 40]} />}
          {items?.length === 0 && (
            <Empty
              icon={<History aria-hidden="true" size={18} />}
              title={all?.length === 0 ? 'Nothing has been changed yet' : 'No change fits'}
            >
              {all?.length === 0
                ? 'Every apply makes a revision, with its author and its difference; each can be taken back.'
                : 'Change the words, the namespaces or the object.'}
            </Empty>
          )}
          {days.map((day) => {
            const own = items?.filter((change) => dayName(change.createdAtMs, nowMs) === day) ?? [];
            return (
              <section key={day} aria-label={day}>
                <h2 className="sticky top-0 z-1 flex h-7 items-center gap-2 border-line border-b bg-panel px-4 text-11 font-medium text-t3">
                  {day} <Badge>{own.length}</Badge>
                </h2>
                <ul>
                  {own.map((change) => (
                    <Item
                      key={change.revision}
                      change={change}
                      isCurrent={change.revision === shown}
                      isTakenBack={takenBack.has(change.revision)}
                    />
                  ))}
                </ul>
              </section>
            );
          })}
          {query.hasNextPage && (
            <div className="p-3 text-center">
              <Button
                busy={query.isFetchingNextPage ? 'Reading' : undefined}
                onClick={() => void query.fetchNextPage()}
              >
                Older than {plural(all?.length ?? 0, 'change')}
              </Button>
            </div>
          )}
        </nav>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <section aria-label="Revision" tabIndex={0} className="min-h-0 overflow-auto">
        {shown !== undefined && <ChangeDetail key={shown} revision={shown} />}
      </section>
    </div>
  );
}
