// malha.extensions.v1.LoadBalancer -> LoadBalancerConfig.
import type { HashKey, LoadBalancerConfig, LoadBalancerType } from '@malha/traffic';
import type { LoadBalancer, HashKey as WireKey } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { ResourceError, required } from './strict.ts';

const TYPES: ReadonlySet<string> = new Set<LoadBalancerType>([
  'RoundRobin',
  'LeastRequest',
  'LeastConnection',
  'Random',
  'RingHash',
  'Maglev',
  'PeakEwma',
]);

export function loadBalancer(message: LoadBalancer | undefined, path: string): LoadBalancerConfig {
  const { type, hashKeys, tableSize, slowStartMs, panicPercent } = required(message, path);
  if (!TYPES.has(type)) throw new ResourceError(`${path}.type`, `${type} is not supported by this proxy`);
  return {
    type: type as LoadBalancerType,
    ...(hashKeys.length > 0 && { hashKeys: hashKeys.map((key, index) => hashKey(key, `${path}.hash_keys[${index}]`)) }),
    ...(tableSize > 0 && { tableSize }),
    ...(slowStartMs > 0 && { slowStartMs }),
    ...(panicPercent > 0 && { panicPercent }),
  };
}

function hashKey({ key }: WireKey, path: string): HashKey {
  switch (key.case) {
    case 'header':
    case 'cookie':
    case 'query':
      return { type: key.case, name: key.value };
    case 'source':
      return { type: 'source' };
    default:
      throw new ResourceError(path, 'no key');
  }
}
