// Faults in what protects services, put into the engine one at a time, each with the case that has to catch it.
import type { Cluster, RateLimitRule } from '@malha/traffic';
import { configs, type Fault, fault, forwards, worlds } from './faults.ts';

const clusters = (change: (cluster: Cluster) => Cluster) =>
  configs((config) => ({ ...config, clusters: config.clusters.map(change) }));

const inboundLimits = (change: (rule: RateLimitRule) => RateLimitRule) =>
  configs((config) => ({
    ...config,
    inbound: {
      ...config.inbound,
      ports: config.inbound.ports.map((port) =>
        port.rateLimits === undefined ? port : { ...port, rateLimits: port.rateLimits.map(change) },
      ),
    },
  }));

export const PROTECTION_FAULTS: readonly Fault[] = [
  fault(
    'the panic threshold is left out',
    'ejection: with a panic threshold of 67 % and two of three left, RoundRobin calls 3',
    clusters(({ loadBalancer: { panicPercent: _, ...loadBalancer }, ...cluster }) => ({ ...cluster, loadBalancer })),
  ),
  fault(
    'the cap of ejections is left out',
    'ejection: not more endpoints than the bound, but one',
    clusters(({ outlierDetection, ...cluster }) => ({
      ...cluster,
      ...(outlierDetection !== undefined && { outlierDetection: { ...outlierDetection, maxEjectionPercent: 100 } }),
    })),
  ),
  fault(
    'one failure more is needed for an ejection',
    'ejection: as many as the rule says, exactly',
    clusters(({ outlierDetection, ...cluster }) => ({
      ...cluster,
      ...(outlierDetection !== undefined && {
        outlierDetection: { ...outlierDetection, consecutive5xx: outlierDetection.consecutive5xx + 1 },
      }),
    })),
  ),
  fault(
    'a limit has one bucket, whatever its keys',
    'rate limits: by header each value has a limit of its own',
    inboundLimits((rule) => ({ ...rule, keys: [] })),
  ),
  fault(
    'the burst of a limit is its rate',
    'rate limits: a burst larger than the rate passes at once',
    inboundLimits((rule) => ({ ...rule, burst: rule.requests })),
  ),
  fault(
    'limits of a namespace are none of its services',
    'rate limits: a limit of the namespace holds for its services',
    worlds((world) => ({
      ...world,
      resources: world.resources.filter(
        (resource) => resource.kind !== 'RateLimit' || resource.spec.targetRef.kind !== 'Namespace',
      ),
    })),
  ),
  fault(
    'the fallback of a rule is left out',
    'fallback: another backend',
    forwards(({ fallback: _, ...action }) => action),
  ),
  fault(
    'a fallback is for any failure',
    'fallback: 500 is no gateway error',
    forwards(({ fallback, ...action }) => ({
      ...action,
      ...(fallback !== undefined && { fallback: { ...fallback, on: [...fallback.on, '5xx'] } }),
    })),
  ),
  fault(
    'the cookie of a session is not given out',
    'session: by a cookie with a name of our own',
    forwards(({ session: _, ...action }) => action),
  ),
  fault('bodies are not measured', 'size: a body of the limit passes, one byte more gets 413', {
    beyondBounds: () => undefined,
  }),
  fault(
    'the longest duration is left out',
    'timeout: the longest duration of a request, whatever its other times',
    forwards(({ maxDurationMs: _, ...action }) => action),
  ),
];
