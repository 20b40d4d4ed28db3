// Faults that are put into the engine one at a time, each with the case that has to catch it.
import {
  type Endpoint,
  type GatewayListener,
  INVALID_BACKEND,
  isEmptyMutation,
  NO_MUTATION,
  type Route,
  type RouteTable,
  type TcpRoute,
} from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';
import { ENGINE, type EngineParts } from './engine-parts.ts';

export interface Fault {
  readonly name: string;
  readonly caughtBy: string;
  readonly parts: EngineParts;
}

type Rules = Parameters<EngineParts['compileAuthorization']>[0];
type Policy = Rules['policies'][number];
type World = Exclude<Parameters<EngineParts['compile']>[0], { readonly linked: unknown }>;
type Config = ReturnType<EngineParts['compile']>['config'];
type View = Parameters<ReturnType<EngineParts['compileRouteTable']>['route']>[0];
type Forward = Extract<Route['action'], { type: 'forward' }>;

export const fault = (name: string, caughtBy: string, parts: Partial<EngineParts>): Fault => ({
  name,
  caughtBy,
  parts: { ...ENGINE, ...parts },
});

const table = (change: (table: RouteTable) => RouteTable): Partial<EngineParts> => ({
  compileRouteTable: (original) => ENGINE.compileRouteTable(change(original)),
});

const routes = (change: (routes: readonly Route[]) => readonly Route[]) =>
  table(({ name, virtualHosts }) => ({
    name,
    virtualHosts: virtualHosts.map((host) => ({ ...host, routes: change(host.routes) })),
  }));

const matches = (change: (match: Route['match']) => Route['match']) =>
  routes((all) => all.map((route) => ({ ...route, match: change(route.match) })));

export const forwards = (change: (action: Forward) => Forward) =>
  routes((all) =>
    all.map((route) => (route.action.type === 'forward' ? { ...route, action: change(route.action) } : route)),
  );

const weights = (change: (weight: number) => number) =>
  forwards((action) => ({
    ...action,
    clusters: action.clusters.map((weighted) => ({ ...weighted, weight: change(weighted.weight) })),
  }));

const requests = (change: (request: View) => View): Partial<EngineParts> => ({
  compileRouteTable: (original) => {
    const router = ENGINE.compileRouteTable(original);
    return { ...router, route: (request, random) => router.route(change(request), random) };
  },
});

const policies = (change: (policies: readonly Policy[]) => readonly Policy[]): Partial<EngineParts> => ({
  compileAuthorization: (rules) => ENGINE.compileAuthorization({ policies: change(rules.policies) }),
});

const rules = (change: (rule: Policy['rules'][number]) => Policy['rules'][number]) =>
  policies((all) => all.map((policy) => ({ ...policy, rules: policy.rules.map(change) })));

export const worlds = (change: (world: World) => World): Partial<EngineParts> => ({
  compile: (world, scope) => ENGINE.compile('linked' in world ? world : change(world), scope),
});

export const configs = (change: (config: Config) => Config): Partial<EngineParts> => ({
  compile: (world, scope) => {
    const compiled = ENGINE.compile(world, scope);
    return { ...compiled, config: change(compiled.config) };
  },
});

const quoted = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const MATCHING: readonly Fault[] = [
  fault(
    'prefixes are compared as text',
    'prefix: ends at the border of a segment',
    matches((match) =>
      match.path.type === 'prefix'
        ? { ...match, path: { type: 'regex', value: `${quoted(match.path.value)}.*` } }
        : match,
    ),
  ),
  fault(
    'exact paths are compared without case',
    'exact path: case matters',
    matches((match) =>
      match.path.type === 'exact'
        ? { ...match, path: { type: 'regex', value: `(?i)${quoted(match.path.value)}` } }
        : match,
    ),
  ),
  fault(
    'the query belongs to the path',
    'exact path: the query is no part of it',
    requests((request) => ({ ...request, path: request.path.replace('?', '%3F') })),
  ),
  fault(
    'regular expressions are not anchored',
    'regex: not a part at the end',
    matches((match) =>
      match.path.type === 'regex' ? { ...match, path: { type: 'regex', value: `(?:${match.path.value}).*` } } : match,
    ),
  ),
  fault(
    'of repeated headers only the first is seen',
    'header: repeated fields are one list, which is no exact value',
    requests((request) => ({ ...request, header: (name) => request.header(name)?.split(', ')[0] })),
  ),
  fault(
    'one header suffices',
    'two headers: one does not suffice',
    matches((match) => ({ ...match, headers: match.headers.slice(0, 1) })),
  ),
  fault(
    'methods are ignored',
    'method: another rule has the other',
    matches(({ method: _, ...match }) => match),
  ),
  fault(
    'HEAD is taken for GET',
    'method: HEAD is not GET',
    requests((request) => ({ ...request, method: request.method === 'HEAD' ? 'GET' : request.method })),
  ),
  fault(
    'query parameters are ignored',
    'query: another value',
    matches((match) => ({ ...match, queryParams: [] })),
  ),
  fault(
    'the port of the host is ignored',
    'host: another port than the service has',
    requests((request) => ({ ...request, authority: request.authority.replace(/:[0-9]+$/, '') })),
  ),
  fault(
    'hosts match by their end',
    'host: one that only ends like a service',
    table(({ name, virtualHosts }) => ({
      name,
      virtualHosts: virtualHosts.map((host) => ({ ...host, domains: host.domains.map((domain) => `*${domain}`) })),
    })),
  ),
];

const CHOOSING: readonly Fault[] = [
  fault(
    'rules are tried in reverse',
    'precedence: a longer prefix before a shorter one',
    routes((all) => all.toReversed()),
  ),
  fault(
    'regular expressions come first',
    'precedence: an exact path before a regular expression',
    routes((all) => [
      ...all.filter(({ match }) => match.path.type === 'regex'),
      ...all.filter(({ match }) => match.path.type !== 'regex'),
    ]),
  ),
  fault(
    'the younger route wins',
    'routes: of equal matches the older route',
    worlds((world) => ({ ...world, resources: world.resources.toReversed() })),
  ),
  fault(
    'a weight of zero still takes a part',
    'weights: zero takes nothing',
    weights((weight) => Math.max(1, weight)),
  ),
  fault(
    'weights are all the same',
    'weights: nine to one',
    weights((weight) => Math.sign(weight)),
  ),
  fault('the first backend takes all', 'weights: equal ones', {
    compileRouteTable: (original) => {
      const router = ENGINE.compileRouteTable(original);
      return { ...router, route: (request) => router.route(request, () => 0) };
    },
  }),
  fault(
    'backends that do not exist are skipped',
    'weights: the part of a backend that does not exist is an error',
    forwards((action) => ({
      ...action,
      clusters: action.clusters.filter(({ cluster }) => cluster.startsWith('outbound|')),
    })),
  ),
  fault(
    'routes of the namespace of the caller are ignored',
    'consumer: replaces the route of the producer',
    worlds((world) => ({
      ...world,
      resources: world.resources.filter(
        ({ kind, metadata }) => kind !== 'HTTPRoute' || !('namespace' in metadata) || metadata.namespace === 'shop',
      ),
    })),
  ),
  fault(
    'unhealthy workloads are called',
    'unhealthy workloads get nothing, the others take their part',
    worlds((world) => ({ ...world, workloads: world.workloads.map(({ status: _, ...workload }) => workload) })),
  ),
];

const CHANGING: readonly Fault[] = [
  fault('setting a header keeps the old value', 'request headers: set replaces', {
    applyHeaderMutation: ({ set, add, remove }, headers) =>
      ENGINE.applyHeaderMutation({ set: [], add: [...set, ...add], remove }, headers),
  }),
  fault('adding a header replaces the old value', 'request headers: add keeps what is there', {
    applyHeaderMutation: ({ set, add, remove }, headers) =>
      ENGINE.applyHeaderMutation({ set: [...set, ...add], add: [], remove }, headers),
  }),
  fault('headers are not removed', 'request headers: remove', {
    applyHeaderMutation: (mutation, headers) => ENGINE.applyHeaderMutation({ ...mutation, remove: [] }, headers),
  }),
  fault(
    'header changes of a backend are lost',
    'backend: request headers of the chosen one only',
    forwards((action) => ({
      ...action,
      clusters: action.clusters.map((weighted) =>
        isEmptyMutation(weighted.requestHeaders) ? weighted : { ...weighted, requestHeaders: NO_MUTATION },
      ),
    })),
  ),
  fault('prefixes are replaced as text', 'rewrite: prefix to the root: no double slash', {
    rewritePath: (rewrite, match, target) =>
      rewrite.type === 'prefix'
        ? target.replace(match.value, rewrite.value)
        : ENGINE.rewritePath(rewrite, match, target),
  }),
  fault('a rewrite drops the query', 'rewrite: another path, the query stays', {
    rewritePath: (rewrite, match, target) => ENGINE.rewritePath(rewrite, match, target).replace(/\?.*$/, ''),
  }),
  fault('a redirect keeps the host', 'redirect: to another host, path and query stay', {
    redirectLocation: ({ host: _, ...action }, match, request) => ENGINE.redirectLocation(action, match, request),
  }),
  fault('a redirect to another scheme keeps the port', 'redirect: to https drops the port of the request', {
    redirectLocation: (action, match, request) =>
      ENGINE.redirectLocation(action, match, request).replace('//reviews/', `//${request.authority}/`),
  }),
];

const RETRYING: readonly Fault[] = [
  fault('a POST is sent again', 'retry: a POST that was answered is not sent again', {
    isIdempotentMethod: () => true,
  }),
  fault('there is one attempt too many', 'retry: attempts of the route', {
    retryDecision: (policy, outcome, attempt, ...rest) => ENGINE.retryDecision(policy, outcome, attempt - 1, ...rest),
  }),
  fault('codes below 500 are never retried', 'retry: a code of the route below 500', {
    retryDecision: (policy, outcome, ...rest) =>
      outcome.type === 'response' && outcome.status < 500
        ? { retry: false, reason: 'not-retriable' }
        : ENGINE.retryDecision(policy, outcome, ...rest),
  }),
];

const DECIDING: readonly Fault[] = [
  fault(
    'an ALLOW comes before a DENY',
    'authorization: DENY before ALLOW',
    policies((all) =>
      all.some(({ action }) => action === 'ALLOW') ? all.filter(({ action }) => action !== 'DENY') : all,
    ),
  ),
  fault(
    'an ALLOW without rules is no policy',
    'authorization: an ALLOW without rules allows nobody',
    policies((all) => all.filter((policy) => policy.rules.length > 0)),
  ),
  fault(
    'Shadow acts',
    'authorization: Shadow: a DENY is noted, not done',
    policies((all) => all.map((policy) => ({ ...policy, mode: 'Enforce' }))),
  ),
  fault(
    'principals match by their begin',
    'authorization: principal: one that only begins so',
    rules((rule) => ({ ...rule, principals: rule.principals.map((principal) => `${principal}*`) })),
  ),
  fault(
    'only the first part of a rule counts',
    'authorization: all parts of a rule must hold',
    rules((rule) => ({ ...rule, methods: [] })),
  ),
  fault('a path is judged as it was sent only', 'authorization: path: dot segments do not pass a DENY', {
    compileAuthorization: (original) => {
      const authorizer = ENGINE.compileAuthorization(original);
      return { decide: (request) => authorizer.decide({ ...request, path: request.path.replaceAll('/.', '/_') }) };
    },
  }),
  fault(
    'a repeated header is judged by its first value',
    'authorization: header: a repeated one does not pass a DENY',
    {
      compileAuthorization: (original) => {
        const authorizer = ENGINE.compileAuthorization(original);
        const first = (value: string | undefined) => value?.split(',')[0];
        return {
          decide: (request) => authorizer.decide({ ...request, header: (name) => first(request.header(name)) }),
        };
      },
    },
  ),
  fault(
    'plaintext is taken where the mode is STRICT',
    'mTLS: STRICT by default: plaintext is closed without an answer',
    configs((config) => ({
      ...config,
      inbound: { ...config.inbound, ports: config.inbound.ports.map((port) => ({ ...port, mode: 'PERMISSIVE' })) },
    })),
  ),
  fault(
    'isolation is not applied to callers',
    'isolation strict: callers of other namespaces find nothing',
    worlds((world) => ({ ...world, resources: world.resources.filter(({ kind }) => kind !== 'Namespace') })),
  ),
];

const connections = (change: <R extends TcpRoute>(route: R) => R): Partial<EngineParts> => ({
  compileTcpRoutes: ({ routes: all }) => ENGINE.compileTcpRoutes({ routes: all.map(change) }),
});

const CONNECTING: readonly Fault[] = [
  fault(
    'connections are shared without weights',
    'bytes: connections are shared by the weights of a TCPRoute',
    connections((route) => ({ ...route, clusters: route.clusters.map((backend) => ({ ...backend, weight: 1 })) })),
  ),
  fault(
    'a backend that does not exist leaves its share to the others',
    'bytes: the share of a backend that does not exist is closed',
    connections((route) => ({
      ...route,
      clusters: route.clusters.filter(({ cluster }) => cluster !== INVALID_BACKEND),
    })),
  ),
  fault(
    'a server name that no route has goes to the first',
    'server name: unknown',
    connections((route) => ({ ...route, serverNames: [...route.serverNames, '*'] })),
  ),
  fault(
    'a rule of HTTP matches bytes',
    'bytes: ALLOW of a method never matches',
    configs((config) => ({
      ...config,
      inbound: {
        ...config.inbound,
        ports: config.inbound.ports.map((port) => ({
          ...port,
          authorization: {
            policies: port.authorization.policies.map((policy) => ({
              ...policy,
              rules: policy.rules.map((rule) => ({ ...rule, methods: [] })),
            })),
          },
        })),
      },
    })),
  ),
];

const ANSWERING: readonly Fault[] = [
  fault(
    'the answer that a backend has of its own is forgotten',
    'filters of a backend: a redirect of its share',
    forwards((action) => ({ ...action, clusters: action.clusters.map(({ answer: _, ...weighted }) => weighted) })),
  ),
  fault(
    'a rewrite of the rule counts before that of the backend',
    'filters of a backend: what the backend says of the path counts, what the rule says of the host stays',
    forwards((action) => ({ ...action, clusters: action.clusters.map(({ rewrite: _, ...weighted }) => weighted) })),
  ),
  fault(
    'copies go out for all requests',
    'mirror: a quarter of them, as HTTPRouteRequestPercentageMirror',
    forwards(({ mirrors, ...action }) => ({
      ...action,
      ...(mirrors !== undefined && { mirrors: mirrors.map((mirror) => ({ ...mirror, perMillion: 1_000_000 })) }),
    })),
  ),
  fault(
    'a direct response loses its text',
    'direct response: 503, with its headers and as text',
    routes((all) =>
      all.map((route) =>
        route.action.type === 'direct' ? { ...route, action: { ...route.action, body: '' } } : route,
      ),
    ),
  ),
  fault(
    'a rule for countries is for everybody',
    'country: another one goes to the next rule',
    matches(({ countries: _, ...match }) => match),
  ),
];

/** What the edge proxy is told, changed. */
const gateways = (change: (listener: GatewayListener) => GatewayListener) =>
  configs(({ gateways: listeners = [], ...config }) => ({ ...config, gateways: listeners.map(change) }));

const AT_THE_EDGE: readonly Fault[] = [
  fault(
    'whoever comes is believed',
    'gateway: without trusted proxies X-Forwarded-For of a client is not believed',
    gateways((listener) => (isHttpListener(listener) ? { ...listener, trustedHops: 1 } : listener)),
  ),
  fault(
    'one trusted proxy too many',
    'gateway: two trusted proxies: the last entry but one',
    gateways((listener) =>
      isHttpListener(listener) ? { ...listener, trustedHops: listener.trustedHops + 1 } : listener,
    ),
  ),
  fault(
    'a route of TLS has every name of its listener',
    'gateway TLS passed on: a name of the listener that no route has',
    gateways((listener) =>
      isHttpListener(listener)
        ? listener
        : { ...listener, routes: listener.routes.map((route) => ({ ...route, serverNames: ['*'] })) },
    ),
  ),
];

type Balancer = ReturnType<EngineParts['createBalancer']>;

const balancers = (change: (balancer: Balancer) => Partial<Balancer>): Partial<EngineParts> => ({
  createBalancer: (config, environment) => {
    const balancer = ENGINE.createBalancer(config, environment);
    return Object.assign(balancer, change(balancer));
  },
});

const lists = (change: (endpoint: Endpoint) => Endpoint) =>
  balancers((balancer) => {
    const update = balancer.update.bind(balancer);
    return { update: (endpoints) => update(endpoints.map(change)) };
  });

const BALANCING: readonly Fault[] = [
  fault('keys are not looked at', 'hash: Maglev on a header keeps a key on one endpoint', {
    createBalancer: (config, environment) => ENGINE.createBalancer({ ...config, type: 'Random' }, environment),
  }),
  fault(
    'all workloads weigh the same',
    'balancer: RoundRobin goes by the weights of workloads',
    lists((endpoint) => ({ ...endpoint, weight: 1 })),
  ),
  fault(
    'near and far are the same',
    'locality: the zone of the caller takes all',
    lists((endpoint) => ({ ...endpoint, priority: 0 })),
  ),
  fault(
    'nobody is ejected',
    'ejection: five errors in a row by default',
    balancers(() => ({ setAvailable: () => undefined })),
  ),
  fault(
    'a session is nothing to keep to',
    'session: by a cookie',
    balancers(() => ({ findSession: () => undefined })),
  ),
  fault(
    'the breaker of a route is left out',
    'breaker: of a route opens for that route',
    forwards(({ breaker: _, ...action }) => action),
  ),
];

export const FAULTS: readonly Fault[] = [
  fault(
    'a listener without a route for a host leaves it to another listener',
    'gateway: a route of the listener for all hosts does not take those of another, whatever its hostnames',
    table((whole) => ({ ...whole, virtualHosts: whole.virtualHosts.filter(({ routes: own }) => own.length > 0) })),
  ),
  ...MATCHING,
  ...CHOOSING,
  ...CHANGING,
  ...RETRYING,
  ...DECIDING,
  ...CONNECTING,
  ...ANSWERING,
  ...AT_THE_EDGE,
  ...BALANCING,
];
