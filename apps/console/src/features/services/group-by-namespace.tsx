// Rows of the service table under the namespace that they belong to.
import { Box } from 'lucide-react';
import { plural } from '#format/number.ts';
import type { ServiceRow } from '#trpc/contract.ts';
import type { ServiceGroup } from './service-table.tsx';
import { worstFirst } from './worst-first.ts';

export function groupByNamespace(rows: readonly ServiceRow[]): readonly ServiceGroup[] {
  const names = [...new Set(rows.map((row) => row.namespace))].sort();
  return names.map((name) => {
    const own = worstFirst(rows.filter((row) => row.namespace === name));
    const instances = own.reduce((sum, row) => sum + row.instances, 0);
    return {
      name,
      rows: own,
      head: (
        <span className="flex items-center gap-2">
          <Box aria-hidden="true" size={14} strokeWidth={1.75} />
          <b className="font-semi text-t0">{name}</b>
          <span className="ml-auto">
            {plural(own.length, 'service')} · {plural(instances, 'instance')}
          </span>
        </span>
      ),
    };
  });
}
