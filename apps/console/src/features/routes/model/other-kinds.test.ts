// The forms of GRPCRoute, TCPRoute, TLSRoute and Gateway: what they read, and that their edits keep the rest.
import { validateResource } from '@malha/model';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { applyEdit, type RouteEdit } from './edit.ts';
import { listenerInWords, newListener, routeKindsOf, tlsFor } from './listeners.ts';
import { parentFields, parentInWords } from './parents.ts';
import { readRoute } from './view.ts';
import { matchInWords } from './words.ts';
import type { Value } from './write-value.ts';

function viewOf(text: string) {
  const reading = readRoute(text);
  if (!reading.ok) throw new Error(reading.problem.message);
  return reading.view;
}

function sound(text: string): string {
  expect(validateResource(parse(text))).toMatchObject({ ok: true });
  return text;
}

const GRPC = `# who may read
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: { name: books, namespace: shop }
spec:
  parentRefs:
    - { group: malha.dev, kind: Service, name: books, port: 80 }
  rules:
    - name: list
      matches:
        - method: { service: books.Catalog, method: List } # hot
          headers: [{ name: x-tenant, value: a }]
      backendRefs: [{ name: books, port: 80 }]
`;

describe('a GRPCRoute', () => {
  it('shows service and method as one condition, in words too', () => {
    const [rule] = viewOf(GRPC).rules;
    expect(rule?.matches).toEqual([
      [
        { kind: 'rpc', type: 'Exact', name: 'books.Catalog', value: 'List' },
        { kind: 'header', type: 'Exact', name: 'x-tenant', value: 'a' },
      ],
    ]);
    expect(rule && matchInWords(rule)).toBe('method is books.Catalog/List and x-tenant is a');
  });

  it('is the same text when its matches are said again, and keeps comments when one changes', () => {
    const matches = viewOf(GRPC).rules[0]?.matches ?? [];
    expect(parse(applyEdit(GRPC, { type: 'set-matches', rule: 0, matches }))).toEqual(parse(GRPC));
    const header = matches[0]?.slice(1) ?? [];
    const any = [[{ kind: 'rpc' as const, type: 'RegularExpression' as const, name: '', value: 'Get.*' }, ...header]];
    const changed = sound(applyEdit(GRPC, { type: 'set-matches', rule: 0, matches: any }));
    expect(parse(changed).spec.rules[0].matches[0].method).toEqual({ type: 'RegularExpression', method: 'Get.*' });
    expect(changed).toContain('# who may read');
    expect(changed).toContain('name: x-tenant');
  });

  it('has policies that name its own kind', () => {
    const edit: RouteEdit = {
      ...{ type: 'set-policy', kind: 'TrafficPolicy', rule: 'list' },
      ...{ path: ['timeouts', 'request'], value: '2s' },
    };
    const text = applyEdit(GRPC, edit);
    expect(text).toContain('kind: GRPCRoute\n    name: books');
    expect(viewOf(text).policies).toMatchObject([{ kind: 'TrafficPolicy', rule: 'list' }]);
    expect(viewOf(text.replace('kind: GRPCRoute', 'kind: HTTPRoute')).policies).toEqual([]);
  });
});

const TLS = `apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: { name: vault, namespace: shop }
spec:
  parentRefs: [{ name: edge, namespace: infra, sectionName: tls }]
  hostnames: [vault.example]
  rules:
    - backendRefs: [{ name: vault, port: 8200 }]
`;

describe('a route on a gateway', () => {
  it('says where it is attached and for which hosts', () => {
    const { parents, hostnames, parentService, rules } = viewOf(TLS);
    expect(parents.map(parentInWords)).toEqual(['Gateway infra/edge · tls']);
    expect([hostnames, parentService]).toEqual([['vault.example'], undefined]);
    expect(rules[0]?.backends).toMatchObject([{ name: 'vault', port: 8200, weight: 1 }]);
  });

  it('takes another parent, another host, and gives one back', () => {
    const parent = parentFields({ kind: 'Service', namespace: 'shop', name: 'vault' }, 'shop');
    const more = sound(
      [
        { type: 'set-spec', path: ['parentRefs', 1], value: parent } as const,
        { type: 'set-spec', path: ['hostnames', 1], value: '*.vault.example' } as const,
      ].reduce(applyEdit, TLS),
    );
    expect(viewOf(more).parents.map(({ kind }) => kind)).toEqual(['Gateway', 'Service']);
    const back = [
      { type: 'set-spec', path: ['parentRefs', 1], value: undefined } as const,
      { type: 'set-spec', path: ['hostnames', 1], value: undefined } as const,
    ].reduce(applyEdit, more);
    expect(parse(back)).toEqual(parse(TLS));
  });

  it('splits connections by weight like requests', () => {
    const target = { group: '', kind: 'Service', name: 'vault-next', port: 8200 };
    const split = applyEdit(TLS, { type: 'add-backend', rule: 0, target });
    const weighted = sound(applyEdit(split, { type: 'set-weights', rule: 0, weights: [90, 10] }));
    expect(viewOf(weighted).rules[0]?.backends.map(({ weight }) => weight)).toEqual([90, 10]);
  });
});

const GATEWAY = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: edge, namespace: shop }
spec:
  gatewayClassName: malha
  listeners:
    # for browsers
    - name: web
      port: 80
      protocol: HTTP
`;

describe('a Gateway', () => {
  const allow = (text: string, value: Value | undefined) =>
    applyEdit(text, { type: 'set-spec', path: ['listeners', 0, 'allowedRoutes', 'namespaces'], value });

  it('reads its listeners in words', () => {
    expect(viewOf(GATEWAY).listeners.map(listenerInWords)).toEqual(['HTTP on 80, every host']);
    expect(viewOf(GATEWAY).rules).toEqual([]);
  });

  it('gets a listener on a free port, with a name of its own', () => {
    const { listeners } = viewOf(GATEWAY);
    const text = sound(applyEdit(GATEWAY, { type: 'set-spec', path: ['listeners', 1], value: newListener(listeners) }));
    expect(viewOf(text).listeners[1]).toMatchObject({ name: 'http', port: 8080, protocol: 'HTTP' });
    expect(newListener(viewOf(text).listeners)).toMatchObject({ name: 'http-2', port: 8081 });
    expect(text).toContain('# for browsers');
    expect(parse(applyEdit(text, { type: 'set-spec', path: ['listeners', 1], value: undefined }))).toEqual(
      parse(GATEWAY),
    );
  });

  it('says of TLS what each protocol needs', () => {
    const [web] = viewOf(GATEWAY).listeners;
    if (web === undefined) throw new Error('no listener');
    expect(tlsFor('HTTP', web)).toBeUndefined();
    expect(tlsFor('TLS', web)).toEqual({ mode: 'Passthrough' });
    expect(tlsFor('HTTPS', web)).toEqual({ mode: 'Terminate', certificateRefs: [{ name: '' }] });
    const kept = { ...web, tlsMode: 'Terminate' as const, certificates: [{ name: 'shop', namespace: 'certs' }] };
    expect(tlsFor('HTTPS', kept)).toEqual({
      mode: 'Terminate',
      certificateRefs: [{ name: 'shop', namespace: 'certs' }],
    });
    expect(routeKindsOf({ protocol: 'TLS', tlsMode: 'Passthrough' })).toEqual(['TLSRoute']);
    expect(routeKindsOf({ protocol: 'TCP', tlsMode: undefined })).toEqual(['TCPRoute']);
  });

  it('limits routes to a namespace and takes the limit away without a trace', () => {
    const all = sound(allow(GATEWAY, { from: 'All' }));
    expect(viewOf(all).listeners[0]?.routesFrom).toBe('All');
    expect(parse(allow(all, undefined))).toEqual(parse(GATEWAY));
  });
});
