// Rate limits of routes, rule by rule: what a request is counted for, and which requests share a bucket.
import { resource, route, to } from '../src/authoring.ts';
import type { CaseRequest, Exchange, MatrixCase, Section } from '../src/case.ts';

type Sent = readonly [request: Partial<CaseRequest>, status: number];

interface Row {
  readonly name: string;
  /** Fields of the limit besides its name and interval. */
  readonly limit: string;
  readonly sent: readonly Sent[];
}

const user = (value: string, status: number): Sent => [{ headers: [['x-user', value]] }, status];
const at = (path: string, status: number): Sent => [{ path }, status];
const method = (name: string, status: number): Sent => [{ method: name }, status];
const plain = (...statuses: readonly number[]): Sent[] => statuses.map((status) => [{}, status]);

const ROWS: readonly Row[] = [
  ...[1, 2, 3, 5, 8].map(
    (count): Row => ({
      name: `${count} and no further one`,
      limit: `requests: ${count}`,
      sent: [...plain(...Array.from({ length: count }, () => 200)), ...plain(429, 429)],
    }),
  ),
  { name: 'a burst above the rate', limit: 'requests: 1, burst: 3', sent: plain(200, 200, 200, 429) },
  { name: 'a burst below the rate', limit: 'requests: 50, burst: 1', sent: plain(200, 429) },
  {
    name: 'each value of a header has a bucket',
    limit: 'requests: 1, by: [{type: Header, name: x-user}]',
    sent: [user('a', 200), user('b', 200), user('a', 429), user('c', 200), user('b', 429)],
  },
  {
    name: 'a header is found in any case',
    limit: 'requests: 1, by: [{type: Header, name: X-USER}]',
    sent: [user('a', 200), user('a', 429), user('b', 200)],
  },
  {
    name: 'requests without the header share a bucket',
    limit: 'requests: 1, by: [{type: Header, name: x-user}]',
    sent: [...plain(200, 429), user('a', 200)],
  },
  {
    name: 'each path has a bucket',
    limit: 'requests: 1, by: [{type: Path}]',
    sent: [at('/a', 200), at('/b', 200), at('/a', 429), at('/a?x=1', 429)],
  },
  {
    name: 'a header and the path together',
    limit: 'requests: 1, by: [{type: Header, name: x-user}, {type: Path}]',
    sent: [
      [{ path: '/a', headers: [['x-user', 'a']] }, 200],
      [{ path: '/b', headers: [['x-user', 'a']] }, 200],
      [{ path: '/a', headers: [['x-user', 'b']] }, 200],
      [{ path: '/a', headers: [['x-user', 'a']] }, 429],
    ],
  },
  {
    name: 'one address has one bucket',
    limit: 'requests: 2, by: [{type: Address}]',
    sent: [user('a', 200), user('b', 200), user('c', 429)],
  },
  {
    name: 'a method',
    limit: 'requests: 1, match: {methods: [POST]}',
    sent: [method('POST', 200), method('GET', 200), method('POST', 429), method('GET', 200)],
  },
  {
    name: 'any of several methods',
    limit: 'requests: 2, match: {methods: [PUT, DELETE]}',
    sent: [method('PUT', 200), method('DELETE', 200), method('PUT', 429), method('GET', 200)],
  },
  {
    name: 'the begin of a path',
    limit: 'requests: 1, match: {paths: ["/api*"]}',
    sent: [at('/api', 200), at('/api/x', 429), at('/web', 200)],
  },
  {
    name: 'the end of a path',
    limit: 'requests: 1, match: {paths: ["*.css"]}',
    sent: [at('/a.css', 200), at('/b.css', 429), at('/b.js', 200)],
  },
  {
    name: 'any of several paths',
    limit: 'requests: 1, match: {paths: [/a, "/b*"]}',
    sent: [at('/a', 200), at('/bb', 429), at('/a', 429), at('/c', 200)],
  },
  {
    name: 'the value of a header',
    limit: 'requests: 1, match: {headers: [{name: x-user, values: [a, b]}]}',
    sent: [user('a', 200), user('b', 429), user('c', 200), ...plain(200)],
  },
  {
    name: 'that a header is there',
    limit: 'requests: 1, match: {headers: [{name: x-user, values: ["*"]}]}',
    sent: [user('a', 200), user('b', 429), ...plain(200, 200)],
  },
  {
    name: 'the begin of a value',
    limit: 'requests: 1, match: {headers: [{name: x-user, values: ["guest-*"]}]}',
    sent: [user('guest-1', 200), user('guest-2', 429), user('member-1', 200)],
  },
  {
    name: 'a match and a key together',
    limit: 'requests: 1, match: {methods: [GET]}, by: [{type: Header, name: x-user}]',
    sent: [user('a', 200), user('b', 200), user('a', 429), [{ method: 'POST', headers: [['x-user', 'a']] }, 200]],
  },
  {
    name: 'over HTTP/2 of the client',
    limit: 'requests: 1',
    sent: [
      [{ protocol: 'h2' }, 200],
      [{ protocol: 'h2' }, 429],
    ],
  },
  {
    name: 'clients of HTTP/1.1 and HTTP/2 share a bucket',
    limit: 'requests: 1',
    sent: [
      [{}, 200],
      [{ protocol: 'h2' }, 429],
    ],
  },
];

const keyOf = (index: number): string => `row-${index}`;

/** The Gateway API allows 16 rules. */
const RULES_MAX = 12;

const routeOf = (index: number): string => `limited-${Math.floor(index / RULES_MAX)}`;

const ruleOf = (index: number): string =>
  `{name: ${keyOf(index)}, matches: [{headers: [{name: x-row, value: "${index}"}]}], ${to('v1')}}`;

/** A rule for each row, found by a header: the path and the method are the rows' own. */
const RESOURCES = [...new Set(ROWS.map((_, index) => routeOf(index)))]
  .map((name) => {
    const own = ROWS.flatMap((_, index) => (routeOf(index) === name ? [ruleOf(index)] : []));
    return route(name, `[${own.join(', ')}]`);
  })
  .concat(
    ROWS.map(({ limit }, index) =>
      resource(
        'RateLimit',
        `route-${keyOf(index)}`,
        `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${routeOf(index)}, sectionName: ${keyOf(index)}}, limits: [{name: limit, interval: 1h, ${limit}}]}`,
      ),
    ),
  )
  .join('');

const sending =
  (index: number) =>
  ([request, status]: Sent): Exchange => ({
    request: { host: 'reviews', ...request, headers: [['x-row', String(index)], ...(request.headers ?? [])] },
    expect: { status, backend: status === 429 ? null : 'reviews-v1' },
  });

export const routeLimits: Section = {
  name: 'rate limits of routes',
  cases: ROWS.map(
    ({ name, sent }, index): MatrixCase => ({
      name: `rate limits of a route: ${name}`,
      resources: RESOURCES,
      exchanges: sent.map(sending(index)),
    }),
  ),
};
