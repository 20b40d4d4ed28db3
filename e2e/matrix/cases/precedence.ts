// The Gateway API's precedence: of several matches the most specific one wins, whatever their order in the text.
import { ask, route, to } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';

const rule = (match: string, version: string) => `{matches: [${match}], ${to(version)}}`;
const two = (first: string, second: string) => route('rules', `[${rule(first, 'v1')}, ${rule(second, 'v2')}]`);
const prefix = (value: string) => `path: {type: PathPrefix, value: ${value}}`;
const exact = (value: string) => `path: {type: Exact, value: ${value}}`;
const regex = (value: string) => `path: {type: RegularExpression, value: "${value}"}`;
const header = (...names: string[]) => `headers: [${names.map((name) => `{name: ${name}, value: "1"}`).join(', ')}]`;
const query = (...names: string[]) => `queryParams: [${names.map((name) => `{name: ${name}, value: "1"}`).join(', ')}]`;

const A1 = ['x-a', '1'] as const;
const B1 = ['x-b', '1'] as const;
const C1 = ['x-c', '1'] as const;

const LADDER = route(
  'ladder',
  `[${rule(`{${prefix('/')}}`, 'v3')}, ${rule(`{${prefix('/a')}}`, 'v2')}, ${rule(`{${prefix('/a/b')}}`, 'v1')}]`,
);

const later = (name: string, resources: string, exchanges: MatrixCase['exchanges']): MatrixCase => ({
  name,
  resources,
  exchanges,
});

/** The second rule is the more specific one. */
const wins = (name: string, weak: string, strong: string, path: string, more: Parameters<typeof ask>[2] = {}) =>
  later(`precedence: ${name}`, two(weak, strong), [ask(path, 'reviews-v2', more)]);

/** Two routes on one service; the first is the older one. */
const routes = (first: string, second: string, names: readonly [string, string] = ['a', 'b']) =>
  route(names[0], `[${rule(first, 'v1')}]`) + route(names[1], `[${rule(second, 'v2')}]`);

export const precedence: Section = {
  name: 'precedence',
  cases: [
    wins('an exact path before a prefix', `{${prefix('/a')}}`, `{${exact('/a')}}`, '/a'),
    wins(
      'an exact path before a longer prefix rule that also matches',
      `{${prefix('/a/b')}}`,
      `{${exact('/a/b')}}`,
      '/a/b',
    ),
    wins('a longer prefix before a shorter one', `{${prefix('/a')}}`, `{${prefix('/a/b')}}`, '/a/b/c'),
    wins('an exact path before a regular expression', `{${regex('/a.*')}}`, `{${exact('/a')}}`, '/a'),
    wins('a regular expression before a prefix', `{${prefix('/a/b')}}`, `{${regex('/a/.*')}}`, '/a/b'),
    wins('a method before none', `{${prefix('/a')}}`, `{${prefix('/a')}, method: GET}`, '/a'),
    wins('a header before none', `{${prefix('/a')}}`, `{${prefix('/a')}, ${header('x-a')}}`, '/a', { headers: [A1] }),
    wins('more headers before fewer', `{${header('x-a')}}`, `{${header('x-b', 'x-c')}}`, '/', {
      headers: [A1, B1, C1],
    }),
    wins('a query parameter before none', `{${prefix('/a')}}`, `{${prefix('/a')}, ${query('q')}}`, '/a?q=1'),
    wins('more query parameters before fewer', `{${query('p')}}`, `{${query('q', 'r')}}`, '/?p=1&q=1&r=1'),
    wins('a path before a method', '{method: GET}', `{${prefix('/a')}}`, '/a'),
    wins('a path before any number of headers', `{${header('x-a', 'x-b')}}`, `{${prefix('/a')}}`, '/a', {
      headers: [A1, B1],
    }),
    wins('a method before any number of headers', `{${header('x-a', 'x-b')}}`, '{method: GET}', '/', {
      headers: [A1, B1],
    }),
    wins('a header before any number of query parameters', `{${query('p', 'q')}}`, `{${header('x-a')}}`, '/?p=1&q=1', {
      headers: [A1],
    }),
    wins(
      'a trailing slash does not make a prefix longer',
      `{${prefix('/a/')}}`,
      `{${prefix('/a')}, method: GET}`,
      '/a/b',
    ),
    later('precedence: of equal rules the first one', two(`{${prefix('/a')}}`, `{${prefix('/a')}}`), [
      ask('/a', 'reviews-v1'),
    ]),
    later('precedence: of rules with as many headers the first one', two(`{${header('x-a')}}`, `{${header('x-b')}}`), [
      ask('/', 'reviews-v1', { headers: [B1, A1] }),
    ]),
    later('precedence: the longest prefix that matches, on every step', LADDER, [
      ask('/a/b/c', 'reviews-v1'),
      ask('/a/b', 'reviews-v1'),
      ask('/a/bc', 'reviews-v2'),
      ask('/a', 'reviews-v2'),
      ask('/ab', 'reviews-v3'),
      ask('/', 'reviews-v3'),
    ]),
    later(
      'routes: rules of several routes on one service are one table',
      routes(`{${prefix('/a')}}`, `{${prefix('/b')}}`),
      [ask('/a', 'reviews-v1'), ask('/b', 'reviews-v2'), ask('/c', 404)],
    ),
    later(
      'routes: the more specific match wins over the older route',
      routes(`{${prefix('/a')}}`, `{${prefix('/a/b')}}`),
      [ask('/a/b', 'reviews-v2'), ask('/a/c', 'reviews-v1')],
    ),
    later('routes: of equal matches the older route', routes(`{${prefix('/a')}}`, `{${prefix('/a')}}`), [
      ask('/a', 'reviews-v1'),
    ]),
    later(
      'routes: the older route also when its name comes later',
      routes(`{${prefix('/a')}}`, `{${prefix('/a')}}`, ['z', 'a']),
      [ask('/a', 'reviews-v1')],
    ),
    later(
      'routes: a header of the younger route before none of the older',
      routes(`{${prefix('/')}}`, `{${prefix('/')}, ${header('x-a')}}`),
      [ask('/', 'reviews-v2', { headers: [A1] }), ask('/', 'reviews-v1')],
    ),
    later(
      'routes: many routes are searched as few are',
      Array.from({ length: 12 }, (_, index) =>
        route(`r${index}`, `[${rule(`{${prefix(`/p${index}`)}}`, `v${(index % 3) + 1}`)}]`),
      ).join('') + route('exact', `[${rule(`{${exact('/p4/x')}}`, 'v3')}, ${rule(`{${regex('/p5/[0-9]+')}}`, 'v1')}]`),
      [
        ask('/p0', 'reviews-v1'),
        ask('/p4/y', 'reviews-v2'),
        ask('/p4/x', 'reviews-v3'),
        ask('/p5/7', 'reviews-v1'),
        ask('/p5/x', 'reviews-v3'),
        ask('/p11/z', 'reviews-v3'),
        ask('/p12', 404),
        ask('/p1x', 404),
      ],
    ),
    later(
      'a rule that answers itself is ranked as any other',
      route(
        'rules',
        `[${rule(`{${prefix('/a')}}`, 'v1')}, {matches: [{${prefix('/a/b')}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}]}]`,
      ),
      [ask('/a/b', 302), ask('/a/c', 'reviews-v1')],
    ),
  ],
};
