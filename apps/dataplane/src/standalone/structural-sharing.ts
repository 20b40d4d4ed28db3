// Keeps the identity of the parts of a configuration that did not change, so that the data plane sees by `===` what did.
import type { MeshConfig } from '@malha/traffic';

/** `next`, with every part of `previous` that equals it deeply in its place. */
export function shareUnchanged(previous: MeshConfig | undefined, next: MeshConfig): MeshConfig {
  if (previous === undefined) return next;
  const gateways = shareByKey(previous.gateways ?? [], next.gateways ?? [], ({ port }) => String(port));
  return {
    outbound: share(previous.outbound, next.outbound),
    inbound: {
      tracing: share(previous.inbound.tracing, next.inbound.tracing),
      ports: shareByKey(previous.inbound.ports, next.inbound.ports, (port) => String(port.port)),
    },
    ...(next.tcp !== undefined && {
      tcp: shareByKey(previous.tcp ?? [], next.tcp, ({ port }) => String(port)),
    }),
    ...(next.gateways !== undefined && { gateways }),
    routeTables: shareByKey(previous.routeTables, next.routeTables, (table) => table.name),
    clusters: shareByKey(previous.clusters, next.clusters, (cluster) => cluster.name),
    endpoints: shareByKey(previous.endpoints, next.endpoints, (entry) => entry.cluster),
  };
}

function share<T>(previous: T, next: T): T {
  return deepEqual(previous, next) ? previous : next;
}

function shareByKey<T>(previous: readonly T[], next: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const known = new Map(previous.map((item) => [keyOf(item), item]));
  const shared = next.map((item) => {
    const before = known.get(keyOf(item));
    return before !== undefined && deepEqual(before, item) ? before : item;
  });
  return shared.length === previous.length && shared.every((item, i) => item === previous[i]) ? previous : shared;
}

/** For plain data: no cycles, no class instances. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  }
  const left = Object.entries(a);
  const right = new Map(Object.entries(b));
  return left.length === right.size && left.every(([key, value]) => right.has(key) && deepEqual(value, right.get(key)));
}
