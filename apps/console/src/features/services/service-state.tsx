// What to say of a service in one cell: a note, a split that is under way, or nothing.
import { Badge } from '#components/ui/badge.tsx';
import { percent } from '#format/number.ts';
import type { ServiceRow } from '#trpc/contract.ts';

export function ServiceState({ row }: { readonly row: ServiceRow }) {
  if (row.note !== null) return <span className="text-t2">{row.note}</span>;
  if (row.versions.length < 2) return null;
  const busy = row.versions.filter((version) => version.share > 0);
  if (busy.length < 2) return <Badge>{row.versions.length} versions</Badge>;
  return <span className="text-t3">Split {busy.map((version) => percent(version.share).text).join(' / ')}</span>;
}
