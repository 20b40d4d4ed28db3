// The impact of drafts on recorded calls, with the proxy's own engine.
import { parseResources, type WorkloadResource } from '@malha/model';
import type { World } from '@malha/policies';
import { describe, expect, it } from 'vitest';
import type { ServiceTraffic, TracedCall } from '../telemetry/index.ts';
import { impactOf } from './impact.ts';

const SERVICE = { namespace: 'bookstore', name: 'reviews' };
const FRONTEND = { namespace: 'bookstore', name: 'frontend' };

function resources(yaml: string) {
  const parsed = parseResources(yaml);
  expect(parsed.errors).toEqual([]);
  return parsed.resources;
}

const services = ['frontend', 'reviews']
  .map(
    (name) => `
apiVersion: malha.dev/v1
kind: Service
metadata: { name: ${name}, namespace: bookstore }
spec:
  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: 8080 }]
  ${name === 'reviews' ? 'versions: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]' : ''}
`,
  )
  .join('---');

function route(rules: string): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: reviews, namespace: bookstore }
spec:
  parentRefs: [{ group: malha.dev, kind: Service, name: reviews, port: 80 }]
  rules: ${rules}
`;
}

const to = (version: string, weight: number) =>
  `{ group: malha.dev, kind: ServiceVersion, name: reviews-${version}, port: 80, weight: ${weight} }`;

const split = (v1: number, v2: number) => `[{ name: default, backendRefs: [${to('v1', v1)}, ${to('v2', v2)}] }]`;

function workload(app: string, version: string): WorkloadResource {
  return {
    apiVersion: 'malha.dev/v1',
    kind: 'Workload',
    metadata: { name: `${app}-${version}`, namespace: 'bookstore', labels: { app, version } },
    spec: { address: '127.0.0.1', serviceAccount: app, ports: [{ port: 8080 }] },
  };
}

const world: World = {
  resources: resources(`${services}---${route(split(100, 0))}`),
  workloads: [workload('frontend', 'v1'), workload('reviews', 'v1'), workload('reviews', 'v2')],
  trustDomain: 'mesh.local',
};

function call(path: string): TracedCall {
  return { caller: FRONTEND, workload: 'frontend-v1', method: 'GET', authority: 'reviews', path };
}

function traffic(calls: readonly TracedCall[], requests = 600): ServiceTraffic {
  const row = { caller: FRONTEND, version: 'v1', route: 'bookstore/reviews/default', requests };
  return { seconds: 300, rows: [row], calls };
}

const impact = (rules: string, recorded: ServiceTraffic) =>
  impactOf({ world, draft: resources(route(rules)), service: SERVICE, traffic: recorded });

describe('impactOf', () => {
  it('moves the share that the weights move, also where no call was traced', () => {
    const result = impact(split(70, 30), traffic([]));
    expect(result).toMatchObject({ requests: 600, samples: 0, unjudgedShare: 0 });
    expect(result.movedShare).toBeCloseTo(0.3);
    expect(result.movedPerMinute).toBeCloseTo(36);
    expect(result.targets.map(({ name, now, after }) => [name, now, Number(after.toFixed(2))])).toEqual([
      ['v1', 1, 0.7],
      ['v2', 0, 0.3],
    ]);
  });

  it('counts each traced call for its part of the recorded ones', () => {
    const beta = `[{ name: beta, matches: [{ path: { value: /beta } }], backendRefs: [${to('v2', 1)}] },
      { name: default, backendRefs: [${to('v1', 1)}] }]`;
    const result = impact(beta, traffic([call('/beta/1'), call('/a'), call('/b'), call('/c')]));
    expect(result.samples).toBe(4);
    expect(result.movedShare).toBeCloseTo(0.25);
    expect(result.callers).toEqual([{ ...FRONTEND, perMinute: 120, movedPerMinute: 30 }]);
  });

  it('says what no rule would take any more', () => {
    const only = `[{ name: default, matches: [{ path: { value: /a } }], backendRefs: [${to('v1', 1)}] }]`;
    const result = impact(only, traffic([call('/a'), call('/b')]));
    expect(result.unmatchedPerMinute).toBeCloseTo(60);
    expect(result.movedShare).toBeCloseTo(0.5);
  });

  it('does not pretend to know calls of a rule that none of the traced ones took', () => {
    const row = { caller: FRONTEND, version: 'v1', route: 'bookstore/reviews/gone', requests: 60 };
    const result = impact(split(0, 100), { seconds: 60, rows: [row], calls: [] });
    expect(result).toMatchObject({ movedShare: 0, unjudgedShare: 1 });
  });

  it('moves nothing where the draft says the same', () => {
    expect(impact(split(100, 0), traffic([call('/a')]))).toMatchObject({ movedShare: 0, deniedPerMinute: 0 });
  });
});
