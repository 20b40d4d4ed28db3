// Hedging and fallback of the dialect `malha` -> HedgingConfig, FallbackConfig.
import type {
  ClusterName,
  FallbackCondition,
  FallbackConfig,
  FallbackTarget,
  ForwardAction,
  HedgingConfig,
} from '@malha/traffic';
import { FALLBACK_CONFIG, HEDGING_CONFIG } from '@malha/xds/extension-names';
import type { Route as WireRoute } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import {
  FallbackSchema,
  HedgingSchema,
  type Fallback as WireFallback,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { ResourceError, required, unpack } from './strict.ts';

const CONDITIONS: ReadonlySet<string> = new Set<FallbackCondition>(['5xx', 'gateway-error', 'unavailable', 'timeout']);

export function resilienceOf(route: WireRoute, path: string): Pick<ForwardAction, 'hedging' | 'fallback'> {
  const hedging = route.typedPerFilterConfig[HEDGING_CONFIG];
  const fallback = route.typedPerFilterConfig[FALLBACK_CONFIG];
  const at = (name: string) => `${path}.typed_per_filter_config[${name}]`;
  return {
    ...(hedging !== undefined && {
      hedging: hedgingConfig(unpack(HedgingSchema, hedging, at(HEDGING_CONFIG)), at(HEDGING_CONFIG)),
    }),
    ...(fallback !== undefined && {
      fallback: fallbackConfig(unpack(FallbackSchema, fallback, at(FALLBACK_CONFIG)), at(FALLBACK_CONFIG)),
    }),
  };
}

function hedgingConfig({ delayMs, maxAttempts, perMillion }: HedgingConfig, path: string): HedgingConfig {
  if (delayMs === 0) throw new ResourceError(`${path}.delay_ms`, 'must be greater than 0');
  if (maxAttempts < 2) throw new ResourceError(`${path}.max_attempts`, 'must be at least 2');
  return { delayMs, maxAttempts, perMillion };
}

function fallbackConfig({ on, target }: WireFallback, path: string): FallbackConfig {
  return { on: on.map((text) => condition(text, `${path}.on`)), to: fallbackTarget(target, path) };
}

function fallbackTarget(target: WireFallback['target'], path: string): FallbackTarget {
  switch (target.case) {
    case 'cluster':
      return { type: 'backend', cluster: required(target.value, `${path}.cluster`) as ClusterName };
    case 'answer': {
      const { status, body, headers } = target.value;
      if (status < 200 || status > 599) throw new ResourceError(`${path}.answer.status`, 'must be 200 to 599');
      return { type: 'static', status, body, headers: headers.map(({ name, value }) => ({ name, value })) };
    }
    case 'lastGood': {
      const { maxAgeMs, maxEntries, maxBytes } = target.value;
      if (maxAgeMs === 0 || maxEntries === 0 || maxBytes === 0)
        throw new ResourceError(`${path}.last_good`, 'has no bounds');
      return { type: 'last-good', maxAgeMs, maxEntries, maxBytes };
    }
    default:
      throw new ResourceError(path, 'no target');
  }
}

function condition(text: string, path: string): FallbackCondition {
  if (CONDITIONS.has(text)) return text as FallbackCondition;
  throw new ResourceError(path, `${text} is not supported by this proxy`);
}
