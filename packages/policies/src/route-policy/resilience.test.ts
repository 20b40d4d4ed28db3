import type { RoutePolicyResource } from '@malha/model';
import { parseResources } from '@malha/model';
import type { ClusterName, DirectResponseAction } from '@malha/traffic';
import { describe, expect, it } from 'vitest';
import { compile } from '../compile.ts';
import { policy, route, service, workload, worldOf } from '../testing.ts';
import { type FallbackReferences, fallbackOf, hedgingOf } from './resilience.ts';

const TARGET = 'targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}';

function policies(...specs: string[]): RoutePolicyResource[] {
  const text = specs.map((spec, index) => policy('RoutePolicy', `p${index}`, `{${TARGET}, ${spec}}`)).join('');
  return parseResources(text).resources.filter((each) => each.kind === 'RoutePolicy');
}

const errorsOf = (spec: string) =>
  parseResources(policy('RoutePolicy', 'p', `{${TARGET}, ${spec}}`)).errors.map(({ path }) => path);

const SORRY: DirectResponseAction = {
  type: 'direct',
  status: 200,
  body: 'sorry',
  responseHeaders: { set: [{ name: 'x-sorry', value: 'very' }], add: [], remove: [] },
};

function references(more: Partial<FallbackReferences> = {}): FallbackReferences {
  return {
    isGrpc: false,
    clusterOf: ({ name }) => (name === 'gone' ? undefined : (`outbound|80||${name}.shop` as ClusterName)),
    responseOf: (name) => (name === 'sorry' ? SORRY : undefined),
    ...more,
  };
}

describe('hedging', () => {
  it('has its defaults, and of several policies the first counts whole', () => {
    expect(hedgingOf(policies('hedging: {delay: 50ms}'))).toEqual({
      delayMs: 50,
      maxAttempts: 2,
      perMillion: 1_000_000,
    });
    expect(
      hedgingOf(
        policies('cohort: {cookie: a}', 'hedging: {delay: 1s, percent: 2.5}', 'hedging: {delay: 2s, maxAttempts: 4}'),
      ),
    ).toEqual({ delayMs: 1000, maxAttempts: 2, perMillion: 25_000 });
    expect(hedgingOf(policies('cohort: {cookie: a}'))).toBeUndefined();
  });

  it.each([
    'hedging: {}',
    'hedging: {delay: 0s}',
    'hedging: {delay: 1s, maxAttempts: 1}',
    'hedging: {delay: 1s, percent: 101}',
  ])('is refused: %s', (spec) => {
    expect(errorsOf(spec)).toEqual([expect.stringMatching(/^spec\.hedging/)]);
  });
});

describe('fallback', () => {
  it('is a backend, a direct response or the last good answer', () => {
    const to = (spec: string) => fallbackOf(policies(`fallback: {${spec}}`), references())?.to;
    expect(to('backendRef: {name: ratings}')).toEqual({ type: 'backend', cluster: 'outbound|80||ratings.shop' });
    expect(to('responseRef: {name: sorry}')).toEqual({
      type: 'static',
      status: 200,
      body: 'sorry',
      headers: [{ name: 'x-sorry', value: 'very' }],
    });
    expect(to('lastGood: {maxAge: 1m}')).toEqual({
      type: 'last-good',
      maxAgeMs: 60_000,
      maxEntries: 1000,
      maxBytes: 8_388_608,
    });
  });

  it('is for what it names, else for all that is no answer of the backend itself', () => {
    const on = (spec: string) => fallbackOf(policies(`fallback: {${spec}lastGood: {}}`), references())?.on;
    expect(on('')).toEqual(['gateway-error', 'unavailable', 'timeout']);
    expect(on('on: [5xx], ')).toEqual(['5xx']);
  });

  it('that leads nowhere is left out', () => {
    const of = (spec: string, more = {}) => fallbackOf(policies(`fallback: {${spec}}`), references(more));
    expect(of('backendRef: {name: gone}')).toBeUndefined();
    expect(of('responseRef: {name: gone}')).toBeUndefined();
    expect(of('responseRef: {name: sorry}', { isGrpc: true })).toBeUndefined();
    expect(of('backendRef: {name: ratings}', { isGrpc: true })).toBeDefined();
  });

  it.each([
    'fallback: {}',
    'fallback: {lastGood: {}, responseRef: {name: a}}',
    'fallback: {on: [], lastGood: {}}',
    'fallback: {lastGood: {maxAge: 25h}}',
  ])('is refused: %s', (spec) => {
    expect(errorsOf(spec)).toEqual([expect.stringMatching(/^spec\.fallback/)]);
  });

  it('brings the cluster that it needs to the proxies of callers', () => {
    const { config } = compile(
      worldOf(
        service('web') +
          service('reviews') +
          service('spare') +
          workload('web-1', 'web') +
          route('r', 'reviews', '[{backendRefs: [{name: reviews}]}]') +
          policy('RoutePolicy', 'p', `{${TARGET}, fallback: {backendRef: {name: spare}}}`),
      ),
      { namespace: 'shop', workload: 'web-1' },
    );
    const action = config.routeTables[0]?.virtualHosts.find(({ name }) => name.startsWith('reviews.'))?.routes[0]
      ?.action;
    const fallback = action?.type === 'forward' ? action.fallback?.to : undefined;
    expect(fallback).toMatchObject({ type: 'backend' });
    expect(config.clusters.map(({ name }) => name)).toContain(fallback?.type === 'backend' ? fallback.cluster : '');
  });
});
