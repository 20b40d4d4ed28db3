// Copies of requests: who gets them, how many, what they hold, and that the caller never notices.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, OUTSIDE, visit } from '../src/edge.ts';

export const mirror = (name: string, more = '') =>
  `{type: RequestMirror, requestMirror: {backendRef: ${name.startsWith('v') ? ref(name) : `{name: ${name}, port: 80}`}${more}}}`;

const filters = (...list: readonly string[]) => `[{filters: [${list.join(', ')}], ${to('v1')}}]`;

const mirrored = (name: string, resources: string, exchanges: readonly Exchange[], more: Partial<MatrixCase> = {}) => ({
  name: `mirror: ${name}`,
  resources,
  exchanges,
  ...more,
});

const SET = '{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: "1"}]}}';
const REWRITE = '{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /new}}}';
const DOWN = resource(
  'Service',
  'down',
  '{selector: {app: down}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}',
);

const share = (part: number): Exchange => ({
  ...ask('/', 'reviews-v1', { expect: { copies: { ratings: part } } }),
  times: 120,
});

const HALF_OF_HALF =
  route('rules', `[{name: some, filters: [${mirror('ratings', ', percent: 50')}], ${to('v1')}}, {${to('v2')}}]`) +
  resource(
    'RoutePolicy',
    'some',
    '{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: rules, sectionName: some}, match: {percent: 50}}',
  );

export const mirrors: Section = {
  name: 'mirrors',
  cases: [
    mirrored('a copy of each request, as HTTPRouteRequestMirror', route('m', filters(mirror('ratings'))), [
      ask('/a?b', 'reviews-v1', { expect: { attempts: 1, copies: { ratings: 1 } } }),
      ask('/', 'reviews-v1', { method: 'POST', body: 'some text', expect: { copies: { ratings: 1 } } }),
      ask('/', 'reviews-v1', { protocol: 'h2', expect: { copies: { ratings: 1 } } }),
    ]),
    mirrored(
      'several backends each get a copy, as HTTPRouteRequestMultipleMirrors',
      route('m', filters(mirror('ratings'), mirror('v2'), mirror('v3'))),
      [ask('/', 'reviews-v1', { expect: { copies: { ratings: 1, 'reviews-v2': 1, 'reviews-v3': 1 } } })],
    ),
    mirrored('the copy is of the request as it is forwarded', route('m', filters(mirror('ratings'), SET, REWRITE)), [
      ask('/old', 'reviews-v1', {
        expect: { saw: { path: '/new', headers: { 'x-set': '1' } }, copies: { ratings: 1 } },
      }),
    ]),
    mirrored(
      'a quarter of them, as HTTPRouteRequestPercentageMirror',
      route('m', filters(mirror('ratings', ', percent: 25'))),
      [share(0.25)],
    ),
    mirrored(
      'a fraction of them',
      route('m', filters(mirror('ratings', ', fraction: {numerator: 1, denominator: 2}'))),
      [share(0.5)],
    ),
    mirrored('none of them', route('m', filters(mirror('ratings', ', percent: 0'))), [
      { ...ask('/', 'reviews-v1', { expect: { copies: { ratings: 0 } } }), times: 8 },
    ]),
    mirrored('a backend that does not exist is no reason to fail', route('m', filters(mirror('nobody'))), [
      ask('/', 'reviews-v1', { expect: { attempts: 1 } }),
    ]),
    mirrored('a backend that does not listen is no reason to fail', route('m', filters(mirror('down'))) + DOWN, [
      ask('/', 'reviews-v1', { expect: { attempts: 1 } }),
      ask('/', 'reviews-v1', { method: 'POST', body: 'some text', expect: { attempts: 1 } }),
    ]),
    mirrored('of a share: half of the requests of the rule', HALF_OF_HALF, [
      {
        ...ask('/', 'any'),
        times: 200,
        expect: { share: { 'reviews-v1': 1, 'reviews-v2': 1 }, copies: { ratings: 0.25 } },
      },
    ]),
    mirrored(
      'of a gateway',
      gateway('hostname: a.example') + edgeRoute('m', filters(mirror('ratings'))),
      [visit('a.example/', 'reviews-v1', { copies: { ratings: 1 } })],
      { caller: OUTSIDE },
    ),
    mirrored(
      'of a GRPCRoute, as GRPCRouteRequestMirror',
      route('m', `[{filters: [${mirror('ratings')}], backendRefs: [{name: ledger, port: 80}]}]`, {
        parent: 'ledger',
      }).replace('HTTPRoute', 'GRPCRoute'),
      [
        ask('/bank.Ledger/Get', 'ledger', {
          host: 'ledger',
          protocol: 'grpc',
          expect: { grpcStatus: 0, copies: { ratings: 1 } },
        }),
      ],
    ),
  ],
};
