// How a cluster picks, as a message of our own.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HashKey, LoadBalancerConfig } from '@malha/traffic';
import type { HashKeySchema, LoadBalancerSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';

export function loadBalancer(config: LoadBalancerConfig): MessageInitShape<typeof LoadBalancerSchema> {
  const { type, hashKeys = [], tableSize = 0, slowStartMs = 0, panicPercent = 0 } = config;
  return { type, hashKeys: hashKeys.map(hashKey), tableSize, slowStartMs, panicPercent };
}

function hashKey(key: HashKey): MessageInitShape<typeof HashKeySchema> {
  if (key.type === 'source') return { key: { case: 'source', value: true } };
  return { key: { case: key.type, value: key.name } };
}
