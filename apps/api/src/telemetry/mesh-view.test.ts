import { parseResources } from '@malha/model';
import { expect, test } from 'vitest';
import { createMeshView } from './mesh-view.ts';

const SERVICE = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80, appProtocol: http}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: shop}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: reviews, port: 80}]
  rules: [{name: all, backendRefs: [{name: reviews, port: 80}]}]
---
`;

function fault(target: string, ended = ''): string {
  return `apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: slow, namespace: shop}
spec:
  targetRef: ${target}
  delay: {percent: 10, duration: 1s}
  expiresAfter: 5m
  startedAt: 2026-11-26T09:00:00Z
  ${ended}
`;
}

function badgesWith(text: string): readonly string[] {
  const { resources, errors } = parseResources(SERVICE + text);
  expect(errors).toEqual([]);
  const world = { resources, workloads: [], trustDomain: 'mesh.local' };
  return createMeshView(() => world)().service('shop', 'reviews')?.badges ?? [];
}

test.each([
  ['of the service', fault('{kind: Service, name: reviews}'), ['route', 'fault']],
  ['of its route', fault('{kind: HTTPRoute, name: reviews, sectionName: all}'), ['route', 'fault']],
  [
    'that has ended',
    fault('{kind: Service, name: reviews}', 'ended: {at: 2026-11-26T09:01:00Z, by: ann, reason: x}'),
    ['route'],
  ],
  ['of another service', fault('{kind: Service, name: ratings}'), ['route']],
])('a service is marked by a fault %s', (_, text, badges) => {
  expect(badgesWith(text)).toEqual(badges);
});

test('a policy of one rule is among what acts on the service', () => {
  const { resources } = parseResources(`${SERVICE}apiVersion: malha.dev/v1
kind: RoutePolicy
metadata: {name: hedged, namespace: shop}
spec:
  targetRef: {kind: HTTPRoute, name: reviews, sectionName: all}
  hedging: {delay: 100ms}
`);
  const world = { resources, workloads: [], trustDomain: 'mesh.local' };
  expect(createMeshView(() => world)().service('shop', 'reviews')?.policies).toContainEqual({
    key: 'RoutePolicy/shop/hedged',
    why: 'is attached to rule all of route reviews',
  });
});
