// From a match of a RateLimit or FaultInjection to the condition that a proxy asks.
import { type RequestMatch, spiffeId } from '@malha/model';
import { EVERY_REQUEST, type RequestCondition } from '@malha/traffic';

export function conditionOf(match: RequestMatch | undefined, trustDomain: string): RequestCondition {
  if (match === undefined) return EVERY_REQUEST;
  return {
    principals: (match.callers ?? []).map(({ namespace, serviceAccount }) =>
      serviceAccount === undefined
        ? `spiffe://${trustDomain}/ns/${namespace}/*`
        : spiffeId(trustDomain, namespace, serviceAccount),
    ),
    methods: match.methods ?? [],
    paths: match.paths ?? [],
    headers: (match.headers ?? []).map(({ name, values }) => ({ name: name.toLowerCase(), values })),
  };
}
