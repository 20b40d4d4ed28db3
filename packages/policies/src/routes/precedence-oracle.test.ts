// Any set of routes, created and written in any order: the winner is the one that the Gateway API's list names, which is
// found here by elimination, from the resources themselves.
import type { GrpcRouteMatch, GrpcRouteResource, HttpRouteMatch, HttpRouteResource } from '@malha/model';
import { compileRouteTable } from '@malha/traffic';
import { makeRequest, makeRoute } from '@malha/traffic/testing';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { rankRules } from './apply.ts';
import { type AttachedRoute, attachedRoute } from './attach.ts';

// Hundreds of route sets are ranked twice: on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 });

interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

interface Candidate<M> {
  readonly match: M;
  readonly age: number;
  readonly rule: number;
  readonly at: number;
}

const NAMES = ['a', 'b', 'c'] as const;
const values = fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), value: fc.constantFrom('1', '2') }), {
  maxLength: 2,
  selector: ({ name }) => name,
});
const given = fc.dictionary(fc.constantFrom(...NAMES), fc.constantFrom('1', '2'), { maxKeys: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const httpMatch: fc.Arbitrary<HttpRouteMatch> = fc.record({
  path: maybe(
    fc.record({
      type: fc.constantFrom('Exact' as const, 'PathPrefix' as const),
      value: fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab'),
    }),
  ),
  method: maybe(fc.constantFrom('GET' as const, 'PUT' as const)),
  headers: values,
  queryParams: values,
});
const grpcMatch: fc.Arbitrary<GrpcRouteMatch> = fc.record({
  method: maybe(
    fc
      .record({ service: maybe(fc.constantFrom('a', 'a.B', 'a.C')), method: maybe(fc.constantFrom('X', 'XY', 'Z')) })
      .filter(({ service, method }) => service !== undefined || method !== undefined),
  ),
  headers: values,
});
/** Routes with rules with matches. */
const routesOf = <M>(match: fc.Arbitrary<M>) =>
  fc.array(fc.array(fc.array(match, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 4,
  });

function winnerOfEngine(attached: readonly AttachedRoute[], call: Call): string | undefined {
  const routes = rankRules(attached).map(({ age, ruleIndex, matchIndex, match }) =>
    makeRoute(`${age}/${ruleIndex}/${matchIndex}`, match),
  );
  const query = new URLSearchParams(call.query).toString();
  const router = compileRouteTable({ name: 't', virtualHosts: [{ name: 'v', domains: ['*'], routes }] });
  const path = query === '' ? call.path : `${call.path}?${query}`;
  return router.route(makeRequest({ method: call.method, path, headers: call.headers }), () => 0).route?.name;
}

function candidates<M>(routes: readonly (readonly (readonly M[])[])[]): Candidate<M>[] {
  return routes.flatMap((rules, age) =>
    rules.flatMap((matches, rule) => matches.map((match, at) => ({ match, age, rule, at }))),
  );
}

/** Each criterion in turn keeps those that have most of it. */
function eliminate<M>(all: readonly Candidate<M>[], criteria: readonly ((match: M) => number)[]): string | undefined {
  const age = ({ age }: Candidate<M>) => -age;
  const rule = ({ rule }: Candidate<M>) => -rule;
  const at = ({ at }: Candidate<M>) => -at;
  const steps = [
    ...criteria.map(
      (of) =>
        ({ match }: Candidate<M>) =>
          of(match),
    ),
    age,
    rule,
    at,
  ];
  const left = steps.reduce((kept, of) => {
    const most = Math.max(...kept.map(of));
    return kept.filter((each) => of(each) === most);
  }, all);
  const [winner] = left;
  return winner === undefined ? undefined : `${winner.age}/${winner.rule}/${winner.at}`;
}

type Values = readonly { readonly name: string; readonly value: string }[] | undefined;

function hasAll(wanted: Values, present: Readonly<Record<string, string>>): boolean {
  return (wanted ?? []).every(({ name, value }) => present[name] === value);
}

function segments(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function takesHttp(match: HttpRouteMatch, call: Call): boolean {
  const { type = 'PathPrefix', value = '/' } = match.path ?? {};
  const onPath =
    type === 'Exact'
      ? value === call.path
      : segments(value).every((part, index) => segments(call.path)[index] === part);
  const byMethod = match.method === undefined || match.method === call.method;
  return onPath && byMethod && hasAll(match.headers, call.headers) && hasAll(match.queryParams, call.query);
}

const HTTP_CRITERIA: readonly ((match: HttpRouteMatch) => number)[] = [
  ({ path }) => (path?.type === 'Exact' ? 1 : 0),
  ({ path }) => (path?.type === 'Exact' ? 0 : segments(path?.value ?? '/').join('/').length),
  ({ method }) => (method === undefined ? 0 : 1),
  ({ headers }) => headers?.length ?? 0,
  ({ queryParams }) => queryParams?.length ?? 0,
];

function takesGrpc({ method, headers }: GrpcRouteMatch, call: Call): boolean {
  const [service, name] = segments(call.path);
  if (method?.service !== undefined && method.service !== service) return false;
  if (method?.method !== undefined && method.method !== name) return false;
  return hasAll(headers, call.headers);
}

const GRPC_CRITERIA: readonly ((match: GrpcRouteMatch) => number)[] = [
  ({ method }) => method?.service?.length ?? 0,
  ({ method }) => method?.method?.length ?? 0,
  ({ headers }) => headers?.length ?? 0,
];

const metadata = (age: number) => ({ name: `r${age}`, namespace: 'shop' });

it('of HTTPRoutes the one wins that the list names', () => {
  const call = fc.record({
    method: fc.constantFrom('GET', 'PUT'),
    path: fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/c'),
    query: given,
    headers: given,
  });
  fc.assert(
    fc.property(routesOf(httpMatch), call, fc.nat(), (routes, request, turn) => {
      const attached = routes.map((rules, age) => {
        const spec = { rules: rules.map((matches) => ({ matches })) };
        const apiVersion = 'gateway.networking.k8s.io/v1' as const;
        const resource: HttpRouteResource = { apiVersion, kind: 'HTTPRoute', metadata: metadata(age), spec };
        return attachedRoute(resource, age);
      });
      const taking = candidates(routes).filter(({ match }) => takesHttp(match, request));
      const expected = taking.length === 0 ? undefined : eliminate(taking, HTTP_CRITERIA);
      expect(winnerOfEngine(rotated(attached, turn), request)).toBe(expected);
    }),
    { numRuns: 1500 },
  );
});

it('of GRPCRoutes the one wins that the list names', () => {
  const call = fc.record({
    method: fc.constant('POST'),
    path: fc.constantFrom('/a/X', '/a.B/X', '/a.B/XY', '/a.C/Z', '/d/Z', '/d/Q'),
    query: fc.constant({}),
    headers: given,
  });
  fc.assert(
    fc.property(routesOf(grpcMatch), call, fc.nat(), (routes, request, turn) => {
      const attached = routes.map((rules, age) => {
        const spec = { rules: rules.map((matches) => ({ matches })) };
        const apiVersion = 'gateway.networking.k8s.io/v1' as const;
        const resource: GrpcRouteResource = { apiVersion, kind: 'GRPCRoute', metadata: metadata(age), spec };
        return attachedRoute(resource, age);
      });
      const taking = candidates(routes).filter(({ match }) => takesGrpc(match, request));
      const expected = taking.length === 0 ? undefined : eliminate(taking, GRPC_CRITERIA);
      expect(winnerOfEngine(rotated(attached, turn), request)).toBe(expected);
    }),
    { numRuns: 1500 },
  );
});

/** The order in which routes are read must not matter, only their age. */
function rotated<T>(list: readonly T[], turn: number): T[] {
  const at = turn % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
