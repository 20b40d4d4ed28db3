// The difference of two configurations by object identity: what crosses a thread border instead of the whole.
import type { MeshConfig } from '@malha/traffic';

/** For each list: the whole new order, an item being either its index in the former list or the new item. */
type ListPatch<T> = readonly (number | T)[];

export interface ConfigPatch {
  readonly outbound: MeshConfig['outbound'] | undefined;
  readonly inbound: MeshConfig['inbound'] | undefined;
  readonly gateways: ListPatch<NonNullable<MeshConfig['gateways']>[number]> | undefined;
  readonly tcp: ListPatch<NonNullable<MeshConfig['tcp']>[number]> | undefined;
  readonly routeTables: ListPatch<MeshConfig['routeTables'][number]> | undefined;
  readonly clusters: ListPatch<MeshConfig['clusters'][number]> | undefined;
  readonly endpoints: ListPatch<MeshConfig['endpoints'][number]> | undefined;
}

export function diffConfig(former: MeshConfig | undefined, next: MeshConfig): ConfigPatch {
  return {
    outbound: former?.outbound === next.outbound ? undefined : next.outbound,
    inbound: former?.inbound === next.inbound ? undefined : next.inbound,
    gateways: diffList(former?.gateways ?? NONE, next.gateways ?? NONE),
    tcp: diffList(former?.tcp ?? NONE, next.tcp ?? NONE),
    routeTables: diffList(former?.routeTables, next.routeTables),
    clusters: diffList(former?.clusters, next.clusters),
    endpoints: diffList(former?.endpoints, next.endpoints),
  };
}

/** `former` as the other side has it: unchanged parts stay its own objects. */
export function patchConfig(former: MeshConfig | undefined, patch: ConfigPatch): MeshConfig {
  const outbound = patch.outbound ?? former?.outbound;
  const inbound = patch.inbound ?? former?.inbound;
  if (outbound === undefined || inbound === undefined) throw new Error('a patch of a configuration that is not there');
  const gateways = patchList(former?.gateways, patch.gateways);
  const tcp = patchList(former?.tcp, patch.tcp);
  return {
    outbound,
    inbound,
    ...(tcp.length > 0 && { tcp }),
    ...(gateways.length > 0 && { gateways }),
    routeTables: patchList(former?.routeTables, patch.routeTables),
    clusters: patchList(former?.clusters, patch.clusters),
    endpoints: patchList(former?.endpoints, patch.endpoints),
  };
}

const NONE: readonly never[] = [];

function diffList<T extends object>(former: readonly T[] | undefined, next: readonly T[]): ListPatch<T> | undefined {
  if (former === next) return undefined;
  const indexes = new Map(former?.map((item, index) => [item, index]));
  return next.map((item) => indexes.get(item) ?? item);
}

function patchList<T extends object>(former: readonly T[] | undefined, patch: ListPatch<T> | undefined): readonly T[] {
  if (patch === undefined) return former ?? [];
  return patch.map((item) => {
    const value = typeof item === 'number' ? former?.[item] : item;
    if (value === undefined) throw new Error('a patch of another configuration');
    return value;
  });
}
