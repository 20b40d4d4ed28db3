import { expect, it } from 'vitest';
import { analyze } from '../analyze.ts';
import { worldOf } from '../testing.ts';

const WORLD = `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}, ports: [{port: 80}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: reviews-1, namespace: shop, labels: {app: reviews}}
spec: {address: 127.64.0.1}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: legacy-1, namespace: shop, labels: {app: legacy}}
spec: {address: 127.64.0.2, serviceAccount: legacy, model: envoy}
`;

function findingsOf(spec: string): string[] {
  const fault = `---
apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: slow, namespace: shop}
spec: {targetRef: {kind: Service, name: reviews}, expiresAfter: 10m, ${spec}}
`;
  return analyze(worldOf(WORLD + fault)).flatMap(({ code, path }) => (code === 'MALHA1083' ? [path] : []));
}

it('says what an Envoy among the callers does not do', () => {
  expect(findingsOf('delay: {percent: 1, duration: 1s}')).toEqual(['spec.expiresAfter']);
  expect(findingsOf('reset: {percent: 1}, bandwidth: {percent: 1, requestBytesPerSecond: 1024}')).toEqual([
    'spec.bandwidth.requestBytesPerSecond',
    'spec.expiresAfter',
    'spec.reset',
  ]);
});

it('says nothing of callers that it is not for, and of a fault that is over', () => {
  expect(findingsOf('reset: {percent: 1}, callers: [{namespace: shop, serviceAccount: web}]')).toEqual([]);
  expect(findingsOf('reset: {percent: 1}, callers: [{namespace: shop}]')).toHaveLength(2);
  expect(findingsOf('reset: {percent: 1}, ended: {at: "2026-11-26T09:30:00Z", by: malha, reason: over}')).toEqual([]);
});
