'use client';
// The newest revisions, as a panel beside other things.
import { Panel } from '#components/ui/panel.tsx';
import { SkeletonRows } from '#components/ui/states.tsx';
import { ScopedLink } from '#features/scope/index.ts';
import { ChangeItem } from './change-item.tsx';
import { useRecentChanges } from './use-changes.ts';

export function RecentChanges() {
  const { data } = useRecentChanges(5);
  const nowMs = Date.now();
  return (
    <Panel
      title="Recent changes"
      actions={
        <ScopedLink href="/changes" className="link text-12">
          All
        </ScopedLink>
      }
    >
      {data === undefined ? (
        <SkeletonRows rows={4} columns={[20, 140, 30]} />
      ) : data.items.length === 0 ? (
        <p className="px-4 py-3 text-12 text-t2">Nothing has been changed yet.</p>
      ) : (
        <ul>
          {data.items.slice(0, 5).map((change) => (
            <ChangeItem key={change.revision} change={change} nowMs={nowMs} />
          ))}
        </ul>
      )}
    </Panel>
  );
}
