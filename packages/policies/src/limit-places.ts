// Where limits find what they need of the world: the service that counts global ones, and ports of bytes.
import { defaults, MESH_NAMESPACE, type RateLimitResource } from '@malha/model';
import type { LimitedWorld } from './rate-limit/analyze.ts';
import type { LimitContext } from './rate-limit/apply.ts';
import { defaultPortOf, type PortEntry, type ServiceEntry } from './services/entries.ts';
import type { WorldIndex } from './world-index.ts';

export function limitContext(index: WorldIndex): LimitContext {
  return {
    trustDomain: index.world.trustDomain,
    counterOf: (policy) => {
      const found = counterOf(index, policy);
      return found === undefined ? undefined : index.use(found.service, found.port, '');
    },
  };
}

export function limitedWorld(index: WorldIndex): LimitedWorld {
  return {
    counterOf: (policy) => ({ name: counterKey(policy), exists: counterOf(index, policy) !== undefined }),
    hasRawPort: (namespace, service) =>
      index.linked.servicesByKey.get(`${namespace}/${service}`)?.ports.some(({ isHttp }) => !isHttp),
  };
}

function counterKey({ spec }: RateLimitResource): string {
  const { service } = spec.global ?? {};
  return `${service?.namespace ?? MESH_NAMESPACE}/${service?.name ?? defaults.rateLimit.globalService}`;
}

function counterOf(
  index: WorldIndex,
  policy: RateLimitResource,
): { readonly service: ServiceEntry; readonly port: PortEntry } | undefined {
  const service = index.linked.servicesByKey.get(counterKey(policy));
  if (service === undefined) return undefined;
  const wanted = policy.spec.global?.service?.port ?? defaultPortOf(service);
  const port = service.ports.find((each) => each.port === wanted && each.isHttp);
  return port === undefined ? undefined : { service, port };
}
