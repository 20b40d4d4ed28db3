import { type GrpcRouteResource, parseResources } from '@malha/model';
import { describe, expect, it } from 'vitest';
import { analyze } from '../analyze.ts';
import { route, service, worldOf } from '../testing.ts';
import { rankRules } from './apply.ts';
import { attachedRoute } from './attach.ts';
import { rulesOfGrpc } from './grpc.ts';

const grpcRoute = (
  name: string,
  rules: string,
  namespace = 'shop',
  parent = '{group: "", kind: Service, name: ledger}',
) =>
  `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [${parent}]
  rules: ${rules}
`;

function parsed(rules: string): GrpcRouteResource {
  const [resource] = worldOf(grpcRoute('g', rules)).resources;
  if (resource?.kind !== 'GRPCRoute') throw new Error('not a GRPCRoute');
  return resource;
}

const pathsOf = (match: string) =>
  rulesOfGrpc(parsed(`[{matches: [${match}]}]`)).flatMap(({ matches }) => matches?.map(({ path }) => path) ?? []);

describe('GRPCRoute', () => {
  it.each([
    ['{method: {service: a.B, method: C}}', { type: 'Exact', value: '/a.B/C' }],
    ['{method: {service: a.B}}', { type: 'PathPrefix', value: '/a.B/' }],
    ['{method: {method: C}}', { type: 'RegularExpression', value: '/[^/]+/C' }],
    ['{method: {type: RegularExpression, service: a|b}}', { type: 'RegularExpression', value: '/(?:a|b)/(?:[^/]+)' }],
    ['{headers: [{name: a, value: b}]}', undefined],
  ])('matches %s by the path of a call', (match, path) => {
    expect(pathsOf(match)).toEqual([path]);
  });

  it.each([
    ['{method: {}}', 'spec.rules[0].matches[0].method'],
    ['{method: {service: "a/b"}}', 'spec.rules[0].matches[0].method.service'],
    ['{method: {method: "a.b"}}', 'spec.rules[0].matches[0].method.method'],
    ['{method: {type: RegularExpression, method: "("}}', 'spec.rules[0].matches[0].method.method'],
    ['{path: {value: /a}}', 'spec.rules[0].matches[0].path'],
  ])('refuses %s', (match, path) => {
    const { errors } = parseResources(grpcRoute('g', `[{matches: [${match}]}]`));
    expect(errors.map((error) => error.path)).toEqual([path]);
  });

  it('refuses filters that only HTTPRoutes have', () => {
    const text = grpcRoute('g', '[{filters: [{type: URLRewrite, urlRewrite: {hostname: a.example}}]}]');
    expect(parseResources(text).errors).not.toEqual([]);
  });

  it('ranks by the characters of service, then of method, then by headers', () => {
    const resource = parsed(`[
      {name: none}, {name: headers, matches: [{headers: [{name: a, value: b}]}]},
      {name: method, matches: [{method: {method: LongMethodName}}]},
      {name: service, matches: [{method: {service: a.B}}]},
      {name: both, matches: [{method: {service: a.B, method: C}}]},
      {name: longer, matches: [{method: {service: a.Bcd}}]}]`);
    expect(rankRules([attachedRoute(resource, 0)]).map(({ rule }) => rule.name)).toEqual([
      'longer',
      'both',
      'service',
      'method',
      'headers',
      'none',
    ]);
  });

  const backend = '[{backendRefs: [{name: ledger, port: 9080}]}]';
  const codes = (text: string) => analyze(worldOf(text)).filter(({ code }) => code === 'MALHA1050');

  it('has the port before an HTTPRoute of the same namespace, whichever is older', () => {
    const [http, grpc] = [route('h', 'ledger', backend), grpcRoute('g', backend)];
    for (const text of [http + grpc, grpc + http]) {
      expect(codes(service('ledger') + text).map(({ object }) => object)).toEqual(['HTTPRoute/shop/h']);
    }
    expect(codes(service('ledger') + http)).toEqual([]);
  });

  const gateway = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: malha, listeners: [{name: web, port: 80, protocol: HTTP}]}
`;
  const onEdge = (kind: string, hostname: string) => `---
apiVersion: gateway.networking.k8s.io/v1
kind: ${kind}
metadata: {name: r, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: ["${hostname}"]
  rules: ${backend}
`;

  it('leaves the hostnames of a listener to the older route of the other kind', () => {
    const base = service('ledger') + gateway;
    const http = onEdge('HTTPRoute', '*.example.com');
    const grpc = onEdge('GRPCRoute', 'api.example.com');
    expect(codes(base + http + grpc).map(({ object }) => object)).toEqual(['GRPCRoute/shop/r']);
    expect(codes(base + grpc + http).map(({ object }) => object)).toEqual(['HTTPRoute/shop/r']);
    expect(codes(base + http + onEdge('GRPCRoute', 'api.other.com'))).toEqual([]);
  });
});
