import { describe, expect, it } from 'vitest';
import type { ListenerView } from '../model/listeners.ts';
import type { ParentView } from '../model/parents.ts';
import { listenersOf, originId, originInWords, originsOf, REQUEST_PROTOCOLS } from './connection-origins.ts';

function listener(name: string, protocol: string, port: number): ListenerView {
  return {
    ...{ index: 0, name, protocol, port, hostname: '', tlsMode: undefined, certificates: [], routesFrom: 'Same' },
    ...{ routeKinds: [], line: 1, endLine: 1 },
  };
}

const edge = {
  namespace: 'infra',
  name: 'edge',
  listeners: [listener('web', 'HTTP', 80), listener('tls', 'TLS', 443), listener('bytes', 'TCP', 5432)],
};

function parent(over: Partial<ParentView>): ParentView {
  return {
    ...{ kind: 'Gateway', group: undefined, namespace: 'infra', name: 'edge', sectionName: '', port: undefined },
    ...{ line: 1, ...over },
  };
}

describe('originsOf', () => {
  const all = (parents: readonly ParentView[]) =>
    originsOf({ parents, namespace: 'shop', gateways: [edge], workloads: ['shop/web-1', 'other/job'] });

  it('offers listeners for bytes that the route is attached to, then workloads', () => {
    expect(all([parent({})]).map((origin) => originInWords(origin, 'shop'))).toEqual([
      'outside, by infra/edge:443',
      'outside, by infra/edge:5432',
      'web-1',
      'other/job',
    ]);
    expect(all([parent({ sectionName: 'tls' })]).map(originId)[0]).toBe('gateway/infra/edge/443');
  });

  it('knows no listener of a gateway that is not there, nor of a service', () => {
    const parents = [parent({ name: 'gone' }), parent({ kind: 'Service' })];
    expect(all(parents).filter(({ type }) => type === 'gateway')).toEqual([]);
  });
});

describe('listenersOf', () => {
  const gateways = [
    { ...edge, listeners: [...edge.listeners, listener('web-2', 'HTTP', 80), listener('own', 'HTTPS', 8443)] },
  ];
  const requests = (parents: readonly ParentView[]) =>
    listenersOf({ parents, namespace: 'shop', gateways }, REQUEST_PROTOCOLS).map(({ port }) => port);

  it('offers each port of requests once', () => {
    expect(requests([parent({})])).toEqual([80, 8443]);
  });

  it('keeps to the listener and the port that the route names', () => {
    expect(requests([parent({ sectionName: 'own' })])).toEqual([8443]);
    expect(requests([parent({ port: 80 })])).toEqual([80]);
    expect(requests([parent({ sectionName: 'own', port: 80 })])).toEqual([]);
  });
});
