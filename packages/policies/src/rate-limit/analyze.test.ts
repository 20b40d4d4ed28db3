import { expect, test } from 'vitest';
import { analyze } from '../analyze.ts';
import { policy, route, service, workload, worldOf } from '../testing.ts';

const BASE = service('reviews') + workload('reviews-1', 'reviews') + workload('reviews-2', 'reviews', 'shop', '', 'v2');

function findings(spec: string, more = ''): string[] {
  return analyze(worldOf(BASE + more + policy('RateLimit', 'limits', spec)))
    .filter(({ object }) => object?.startsWith('RateLimit/') === true)
    .map(({ code, path }) => `${code} ${path}`);
}

test('limits of a service by identity have nothing wrong with them', () => {
  const spec = '{targetRef: {kind: Service, name: reviews}, limits: [{name: a, requests: 1, by: [{type: Identity}]}]}';
  expect(findings(spec)).toEqual([]);
});

test('a limit of a route cannot know identities', () => {
  const target = '{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}';
  const limit = '{name: a, requests: 1, match: {callers: [{namespace: shop}]}, by: [{type: Identity}]}';
  const rules = route('r', 'reviews', '[{backendRefs: [{name: reviews, port: 9080}]}]');
  expect(findings(`{targetRef: ${target}, limits: [${limit}]}`, rules)).toEqual([
    'MALHA1080 spec.limits[0].by',
    'MALHA1080 spec.limits[0].match.callers',
  ]);
});

test('connections of a service without a port of bytes are not counted', () => {
  expect(findings('{targetRef: {kind: Service, name: reviews}, connections: {limit: 1}}')).toEqual([
    'MALHA1081 spec.connections',
  ]);
});

test('a global limit needs a service that counts', () => {
  const spec = '{targetRef: {kind: Service, name: reviews}, limits: [{name: a, requests: 1, scope: Global}]}';
  expect(findings(spec)).toEqual(['MALHA1082 spec.limits[0].scope']);
  const counter = service('ratelimit', 'malha-system', 'ports: [{port: 8081, appProtocol: grpc}]');
  expect(findings(spec, counter)).toEqual([]);
});

test('a target that does not exist is told', () => {
  expect(findings('{targetRef: {kind: Service, name: nothing}, limits: [{name: a, requests: 1}]}')).toEqual([
    'MALHA1034 spec.targetRef',
  ]);
});
