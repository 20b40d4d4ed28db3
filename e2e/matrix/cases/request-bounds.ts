// What a service takes: the size of requests, their kinds, as many at a time as it can work on, and by which priority.
import { resource, route, to } from '../src/authoring.ts';
import type { Caller, CaseRequest, Exchange, Expectation, MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, OUTSIDE } from '../src/edge.ts';

const AT_ONCE = 'requests of the engine follow each other';
const BUFFERED = 'its filter keeps bodies until their end, which would hold up calls that are streams';
const as = (identity: Extract<Caller, { via: 'inbound' }>['identity']): Caller => ({ via: 'inbound', identity });
const FRIEND = as({ namespace: 'shop', serviceAccount: 'front' });

/** `target` and the policy in flow style. */
const policy = (name: string, target: string, spec: string, namespace = 'shop'): string =>
  resource('TrafficPolicy', name, `{targetRef: ${target}, ${spec}}`, namespace);

const VAULT = '{kind: Service, name: vault}';
const vault = (spec: string): string => policy('bounds', VAULT, spec);

const asked = (request: Partial<CaseRequest>, expect: number | Expectation): Exchange => ({
  request: { host: 'vault.shop', ...request },
  expect: typeof expect === 'number' ? { status: expect, backend: expect === 200 ? 'vault' : null } : expect,
});
const post = (bytes: number, status: number, more: Partial<CaseRequest> = {}): Exchange =>
  asked({ method: 'POST', body: 'x'.repeat(bytes), ...more }, status);

interface Row {
  readonly name: string;
  readonly resources: string;
  readonly exchanges: readonly Exchange[];
  readonly caller?: Caller;
  readonly leftOut?: MatrixCase['leftOut'];
}

const TEN = 'requests: {maxBytes: 10}';

const sizes: readonly Row[] = [
  {
    name: 'a body of the limit passes, one byte more gets 413',
    resources: vault(TEN),
    exchanges: [post(10, 200), post(11, 413), post(10, 200)],
  },
  { name: 'without a limit any body passes', resources: '', exchanges: [post(100_000, 200)] },
  {
    name: 'a large body is refused as a small one',
    resources: vault('requests: {maxBytes: 65536}'),
    exchanges: [post(65_536, 200), post(65_537, 413), post(300_000, 413)],
  },
  {
    name: 'requests without a body pass',
    resources: vault('requests: {maxBytes: 1}'),
    exchanges: [asked({}, 200), asked({ method: 'DELETE' }, 200), post(0, 200), post(1, 200)],
  },
  ...(['PUT', 'PATCH', 'DELETE'] as const).map(
    (method): Row => ({
      name: `the limit holds for ${method}`,
      resources: vault(TEN),
      exchanges: [post(10, 200, { method }), post(11, 413, { method })],
    }),
  ),
  {
    name: 'the limit holds over HTTP/2 of the client',
    resources: vault(TEN),
    exchanges: [post(10, 200, { protocol: 'h2' }), post(11, 413, { protocol: 'h2' })],
  },
  {
    name: 'the limit holds for callers with an identity of their own',
    resources: vault(TEN),
    caller: FRIEND,
    exchanges: [post(10, 200), post(11, 413)],
  },
  {
    name: 'the limit holds in plaintext',
    resources: vault(TEN) + resource('PeerAuthentication', 'open', `{targetRef: ${VAULT}, mode: PERMISSIVE}`),
    caller: as('plaintext'),
    exchanges: [post(10, 200), post(11, 413)],
  },
  {
    name: 'the limit of a namespace holds for its services',
    resources: policy('bounds', '{kind: Namespace, name: shop}', TEN),
    exchanges: [post(10, 200), post(11, 413)],
  },
  {
    name: 'the limit of the mesh holds for every service with a proxy',
    resources: policy('bounds', '{kind: Mesh}', TEN, 'malha-system'),
    exchanges: [post(10, 200), post(11, 413)],
  },
  {
    name: 'a service widens the limit of its namespace',
    resources: policy('wide', '{kind: Namespace, name: shop}', TEN) + vault('requests: {maxBytes: 20}'),
    exchanges: [post(20, 200), post(21, 413)],
  },
  {
    name: 'a service narrows the limit of its namespace',
    resources: policy('wide', '{kind: Namespace, name: shop}', TEN) + vault('requests: {maxBytes: 5}'),
    exchanges: [post(5, 200), post(6, 413)],
  },
  {
    name: 'what another level says of protocols leaves the limit as it is',
    resources: policy('wide', '{kind: Namespace, name: shop}', TEN) + vault('requests: {allowedProtocols: [HTTP]}'),
    exchanges: [post(10, 200), post(11, 413)],
  },
  {
    name: 'what a policy denies is not measured',
    resources:
      vault(TEN) +
      resource('AuthorizationPolicy', 'no-put', `{targetRef: ${VAULT}, action: DENY, rules: [{to: {methods: [PUT]}}]}`),
    exchanges: [post(11, 403, { method: 'PUT' }), post(11, 413)],
  },
  {
    name: 'a limit of another service says nothing',
    resources: policy('bounds', '{kind: Service, name: reviews}', TEN),
    exchanges: [post(11, 200)],
  },
  {
    name: 'the bytes of a WebSocket are no request',
    resources: vault(TEN),
    exchanges: [
      asked(
        { protocol: 'websocket', path: '/chat', body: 'more than ten bytes there and back' },
        { status: 101, backend: 'vault', body: 'more than ten bytes there and back' },
      ),
    ],
  },
];

const KINDS = {
  HTTP: asked({}, 200),
  WebSocket: asked(
    { protocol: 'websocket', path: '/chat', body: 'hello' },
    { status: 101, backend: 'vault', body: 'hello' },
  ),
} as const;
const REFUSED = {
  HTTP: asked({}, 403),
  WebSocket: asked({ protocol: 'websocket', path: '/chat', body: 'hello' }, { status: 403, backend: null }),
  gRPC: asked({ protocol: 'grpc', path: '/shop.Vault/Open' }, { grpcStatus: 7, backend: null }),
} as const;
const only = (list: string): string => vault(`requests: {allowedProtocols: [${list}]}`);

const protocols: readonly Row[] = [
  {
    name: 'HTTP alone: neither calls of gRPC nor WebSockets',
    resources: only('HTTP'),
    exchanges: [KINDS.HTTP, REFUSED.gRPC, REFUSED.WebSocket, KINDS.HTTP],
  },
  {
    name: 'WebSockets alone: no plain request and no call of gRPC',
    resources: only('WebSocket'),
    exchanges: [KINDS.WebSocket, REFUSED.HTTP, REFUSED.gRPC],
  },
  {
    name: 'gRPC alone: no plain request and no WebSocket',
    resources: only('gRPC'),
    exchanges: [REFUSED.HTTP, REFUSED.WebSocket],
  },
  {
    name: 'HTTP and WebSockets: no calls of gRPC',
    resources: only('HTTP, WebSocket'),
    exchanges: [KINDS.HTTP, KINDS.WebSocket, REFUSED.gRPC],
  },
  {
    name: 'HTTP and gRPC: no WebSockets',
    resources: only('HTTP, gRPC'),
    exchanges: [KINDS.HTTP, REFUSED.WebSocket],
  },
  {
    name: 'all of them: as without a list',
    resources: only('HTTP, gRPC, WebSocket'),
    exchanges: [KINDS.HTTP, KINDS.WebSocket],
  },
  {
    name: 'without a list all are served',
    resources: '',
    exchanges: [KINDS.HTTP, KINDS.WebSocket],
  },
  {
    name: 'plain requests over HTTP/2 are HTTP',
    resources: only('HTTP'),
    exchanges: [asked({ protocol: 'h2' }, 200), asked({ protocol: 'h2-websocket', path: '/chat', body: 'x' }, 403)],
  },
  {
    name: 'the list of a namespace holds for its services',
    resources: policy('bounds', '{kind: Namespace, name: shop}', 'requests: {allowedProtocols: [WebSocket]}'),
    exchanges: [KINDS.WebSocket, REFUSED.HTTP],
  },
  {
    name: 'the list of a service counts before that of its namespace',
    resources:
      policy('wide', '{kind: Namespace, name: shop}', 'requests: {allowedProtocols: [WebSocket]}') + only('HTTP'),
    exchanges: [KINDS.HTTP, REFUSED.WebSocket],
  },
  {
    name: 'callers with an identity of their own are refused too',
    resources: only('HTTP'),
    caller: FRIEND,
    exchanges: [asked({ protocol: 'websocket', path: '/chat', body: 'x' }, { status: 403, backend: null })],
  },
];

/** A policy of all requests to `reviews`, whose backends have no proxy: they show what it says to the destination. */
const priority = (name: string): string =>
  resource(
    'RoutePolicy',
    `is-${name}`,
    `{targetRef: {group: gateway.networking.k8s.io, kind: HTTPRoute, name: all}, priority: ${name}}`,
  );
const saw = (headers: Readonly<Record<string, string | null>>, more: Partial<CaseRequest> = {}): Exchange => ({
  request: { host: 'reviews', ...more },
  expect: { status: 200, backend: 'reviews-v1', saw: { headers } },
});
const HEADER = 'x-malha-priority';

const priorities: readonly Row[] = [
  ...(['critical', 'default', 'sheddable'] as const).map(
    (name): Row => ({
      name: `the destination learns that a route is ${name}`,
      resources: route('all', `[{${to('v1')}}]`) + priority(name),
      exchanges: [saw({ [HEADER]: name })],
    }),
  ),
  {
    name: 'an application says the priority of its own requests',
    resources: route('all', `[{${to('v1')}}]`),
    exchanges: [saw({ [HEADER]: 'critical' }, { headers: [[HEADER, 'critical']] }), saw({ [HEADER]: null })],
  },
  {
    name: 'the policy of a route counts before what an application says',
    resources: route('all', `[{${to('v1')}}]`) + priority('sheddable'),
    exchanges: [saw({ [HEADER]: 'sheddable' }, { headers: [[HEADER, 'critical']] })],
  },
  {
    name: 'the policy of a route counts before its filters',
    resources:
      route(
        'all',
        `[{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {remove: [X-Malha-Priority], set: [{name: x-a, value: b}]}}], ${to('v1')}}]`,
      ) + priority('critical'),
    exchanges: [saw({ [HEADER]: 'critical', 'x-a': 'b' })],
  },
  {
    name: 'clients outside of the mesh have no say',
    resources: gateway('') + edgeRoute('all', `[{${to('v1')}}]`),
    caller: OUTSIDE,
    exchanges: [saw({ [HEADER]: null }, { host: 'www.example.com', headers: [[HEADER, 'critical']] })],
  },
  {
    name: 'a gateway says the priority of its routes',
    resources: gateway('') + edgeRoute('all', `[{${to('v1')}}]`) + priority('sheddable'),
    caller: OUTSIDE,
    exchanges: [saw({ [HEADER]: 'sheddable' }, { host: 'www.example.com', headers: [[HEADER, 'critical']] })],
  },
];

/** Of `times` at once so many are worked on, the others get 503 before the first is answered. */
const shed = (count: number, times: number, more: Partial<CaseRequest> = {}): Exchange => ({
  request: { host: 'vault.shop', method: 'POST', ...more },
  answers: [{ held: true }],
  times,
  releaseAfter: times - count,
  expect: { statuses: { 200: count, 503: times - count } },
});
const atMost = (limit: number): string =>
  vault(`overload: {minConcurrency: ${limit}, maxConcurrency: ${limit}, maxQueue: 0}, retries: {attempts: 0}`);

const overloads: readonly Row[] = [
  ...[1, 2, 5].map(
    (limit): Row => ({
      name: `${limit} at a time, the others are shed`,
      resources: atMost(limit),
      exchanges: [shed(limit, limit + 3), shed(limit, limit + 2), asked({}, 200)],
    }),
  ),
  { name: 'the same over HTTP/2', resources: atMost(2), exchanges: [shed(2, 5, { protocol: 'h2' })] },
  {
    name: 'the same for callers with an identity of their own',
    resources: atMost(2),
    caller: FRIEND,
    exchanges: [shed(2, 4)],
  },
  {
    name: 'off where the service says so',
    resources:
      policy('wide', '{kind: Namespace, name: shop}', 'overload: {maxConcurrency: 1, maxQueue: 0}') +
      vault('overload: {mode: Off}'),
    exchanges: [{ ...shed(4, 4), releaseAfter: 0, answers: [200], expect: { statuses: { 200: 4 } } }],
  },
];

const titled = (title: string, rows: readonly Row[], leftOut: MatrixCase['leftOut'] = {}): MatrixCase[] =>
  rows.map((row) => ({ ...row, name: `${title}: ${row.name}`, leftOut: { ...leftOut, ...row.leftOut } }));

export const requestBounds: Section = {
  name: 'bounds of requests',
  cases: [
    ...titled('size', sizes),
    {
      name: 'size: a call of gRPC ends with RESOURCE_EXHAUSTED',
      resources: vault('requests: {maxBytes: 1}'),
      exchanges: [asked({ protocol: 'grpc', path: '/shop.Vault/Open', body: 'xx' }, { grpcStatus: 8, backend: null })],
      leftOut: { envoy: BUFFERED },
    },
    ...titled('protocols', protocols),
    ...titled('priority', priorities),
    ...titled('overload', overloads, { engine: AT_ONCE }),
  ],
};
