import type { ForwardAction, MeshConfig, VirtualHost } from '@malha/traffic';
import { compileRouteTable, INVALID_BACKEND } from '@malha/traffic';
import { makeRequest } from '@malha/traffic/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from './compile.ts';
import { policy, route, service, workload, worldOf } from './testing.ts';
import { type Scope, UnknownWorkloadError, type World } from './world.ts';
import { buildIndex } from './world-index.ts';

const CALLER = workload('web-1', 'web');
const scope: Scope = { namespace: 'shop', workload: 'web-1' };

function configOf(text: string, from: Scope = scope, parts: Partial<World> = {}): MeshConfig {
  return compile(worldOf(text, parts), from).config;
}

function hostOf(config: MeshConfig, name: string): VirtualHost | undefined {
  return config.routeTables[0]?.virtualHosts.find((host) => host.name === name);
}

function actionOf(config: MeshConfig, name: string, index = 0): ForwardAction {
  const action = hostOf(config, name)?.routes[index]?.action;
  if (action?.type !== 'forward') throw new Error(`${name} does not forward`);
  return action;
}

describe('hosts of a call', () => {
  it('knows the bare name only in the namespace of the service', () => {
    const text = CALLER + service('reviews') + workload('x', 'y', 'other') + service('reviews', 'other');
    const mine = configOf(text);
    expect(hostOf(mine, 'reviews.shop:9080')?.domains).toEqual([
      'reviews',
      'reviews:9080',
      'reviews.shop',
      'reviews.shop:9080',
      'reviews.shop.mesh',
      'reviews.shop.mesh:9080',
    ]);
    expect(hostOf(mine, 'reviews.other:9080')?.domains).not.toContain('reviews');
    const theirs = compileRouteTable(
      configOf(text, { namespace: 'other', workload: 'x' }).routeTables[0] ?? { name: '', virtualHosts: [] },
    );
    const called = theirs.route(makeRequest({ authority: 'reviews' }), () => 0);
    expect(called.weighted?.cluster).toBe('outbound|9080||reviews.other');
  });

  it('takes no port for 80, or for the only port', () => {
    const ports = (list: string) => configOf(CALLER + service('s', 'shop', `ports: [${list}]`));
    expect(hostOf(ports('{port: 80}, {port: 81}'), 's.shop:80')?.domains).toContain('s');
    expect(hostOf(ports('{port: 80}, {port: 81}'), 's.shop:81')?.domains).not.toContain('s');
    const two = ports('{port: 81}, {port: 82}');
    expect(two.routeTables[0]?.virtualHosts.flatMap(({ domains }) => domains)).not.toContain('s');
  });

  it('knows the virtual IP, and leaves TCP ports out', () => {
    const config = configOf(
      CALLER + service('s', 'shop', 'virtualIP: 127.96.0.7\n  ports: [{port: 80}, {port: 5432, appProtocol: tcp}]'),
    );
    expect(hostOf(config, 's.shop:80')?.domains).toContain('127.96.0.7:80');
    expect(config.routeTables[0]?.virtualHosts).toHaveLength(1);
  });
});

describe('routes', () => {
  const base = CALLER + service('reviews') + service('ratings');

  it('goes to the service itself when no route is attached', () => {
    const config = configOf(base);
    expect(hostOf(config, 'reviews.shop:9080')?.routes.map(({ name }) => name)).toEqual(['default']);
    expect(config.clusters.map(({ name }) => name)).toEqual([
      'outbound|9080||ratings.shop',
      'outbound|9080||reviews.shop',
    ]);
  });

  it('splits over versions and keeps the cluster of a weight of 0', () => {
    const rules = `[{backendRefs: [{group: malha.dev, kind: ServiceVersion, name: reviews-v1, weight: 100},
      {group: malha.dev, kind: ServiceVersion, name: reviews-v2, weight: 0}]}]`;
    const config = configOf(base + route('r', 'reviews', rules));
    expect(actionOf(config, 'reviews.shop:9080').clusters.map(({ cluster, weight }) => [cluster, weight])).toEqual([
      ['outbound|9080|v1|reviews.shop', 100],
      ['outbound|9080|v2|reviews.shop', 0],
    ]);
    expect(config.clusters.map(({ name }) => name)).toContain('outbound|9080|v2|reviews.shop');
  });

  it('answers 500 for the share of a backend that does not exist, and for all when none does', () => {
    const half = configOf(
      base + route('r', 'reviews', '[{backendRefs: [{name: reviews, port: 9080}, {name: gone, port: 80}]}]'),
    );
    expect(actionOf(half, 'reviews.shop:9080').clusters.map(({ cluster }) => cluster)).toEqual([
      'outbound|9080||reviews.shop',
      INVALID_BACKEND,
    ]);
    for (const rules of [
      '[{backendRefs: [{name: gone, port: 80}]}]',
      '[{backendRefs: [{name: reviews, port: 9080, weight: 0}]}]',
      '[{}]',
      '[{backendRefs: [{name: reviews, namespace: other, port: 9080}]}]',
      '[{backendRefs: [{name: reviews}], filters: [{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}]}]',
    ]) {
      const config = configOf(base + service('reviews', 'other') + route('r', 'reviews', rules));
      expect(hostOf(config, 'reviews.shop:9080')?.routes[0]?.action).toMatchObject({ type: 'direct', status: 500 });
    }
  });

  it('gives a route without a match for the request nothing (404)', () => {
    const config = configOf(
      base + route('r', 'reviews', '[{matches: [{path: {value: /a}}], backendRefs: [{name: reviews}]}]'),
    );
    const router = compileRouteTable(config.routeTables[0] ?? { name: '', virtualHosts: [] });
    expect(router.route(makeRequest({ authority: 'reviews', path: '/b' }), () => 0)).toMatchObject({
      virtualHost: { name: 'reviews.shop:9080' },
      route: undefined,
    });
  });

  it("replaces producer routes by those of the caller's own namespace, for these callers only", () => {
    const consumer = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: mine, namespace: other}
spec:
  parentRefs: [{group: "", kind: Service, namespace: shop, name: reviews}]
  rules: [{backendRefs: [{name: stub, port: 9080}]}]
`;
    const producer = route('theirs', 'reviews', '[{backendRefs: [{name: reviews}]}]');
    const text = base + workload('x', 'y', 'other') + service('stub', 'other') + producer + consumer;
    const names = (from: Scope) => hostOf(configOf(text, from), 'reviews.shop:9080')?.routes.map(({ name }) => name);
    expect(names(scope)).toEqual(['shop/theirs/0']);
    expect(names({ namespace: 'other', workload: 'x' })).toEqual(['other/mine/0']);
  });

  it('attaches to the port that sectionName or port names', () => {
    const text = CALLER + service('s', 'shop', 'ports: [{port: 80}, {name: admin, port: 81}]');
    const attach = (parent: string) => {
      const rules = route('r', 's', '[{backendRefs: [{name: s, port: 80}]}]');
      return configOf(text + rules.replace('name: s}]\n  rules', `name: s, ${parent}}]\n  rules`));
    };
    for (const config of [attach('port: 81'), attach('sectionName: admin')]) {
      expect(hostOf(config, 's.shop:80')?.routes[0]?.name).toBe('default');
      expect(hostOf(config, 's.shop:81')?.routes[0]?.name).toBe('shop/r/0');
    }
  });

  it('is only for the callers that a RoutePolicy names', () => {
    const text =
      base +
      workload('load-1', 'load', 'other') +
      route(
        'r',
        'reviews',
        '[{name: canary, backendRefs: [{name: ratings}]}, {name: all, backendRefs: [{name: reviews}]}]',
      ) +
      policy(
        'RoutePolicy',
        'p',
        '{targetRef: {kind: HTTPRoute, name: r, sectionName: canary}, match: {callers: [{namespace: shop, labels: {app: web}}]}}',
      );
    const names = (from: Scope) => hostOf(configOf(text, from), 'reviews.shop:9080')?.routes.map(({ name }) => name);
    expect(names(scope)).toEqual(['shop/r/canary', 'shop/r/all']);
    expect(names({ namespace: 'other', workload: 'load-1' })).toEqual(['shop/r/all']);
  });

  it.each(['countries: [PT]}, countries: [BR]', 'devices: [bot]}, devices: [mobile]'])(
    'leaves a rule out whose policies have nothing in common, instead of sending everybody there: %s',
    (matches) => {
      const target = 'targetRef: {kind: HTTPRoute, name: r, sectionName: canary}';
      const [one = '', other = ''] = matches.split('}, ');
      const text =
        base +
        route('r', 'reviews', '[{name: canary, backendRefs: [{name: ratings}]}, {backendRefs: [{name: reviews}]}]') +
        policy('RoutePolicy', 'p', `{${target}, match: {${one}}}`) +
        policy('RoutePolicy', 'q', `{${target}, match: {${other}}}`);
      expect(hostOf(configOf(text), 'reviews.shop:9080')?.routes.map(({ name }) => name)).toEqual(['shop/r/1']);
    },
  );

  it('asks for the countries that all policies of a rule name', () => {
    const target = 'targetRef: {kind: HTTPRoute, name: r, sectionName: canary}';
    const text =
      base +
      route('r', 'reviews', '[{name: canary, backendRefs: [{name: ratings}]}]') +
      policy('RoutePolicy', 'p', `{${target}, match: {countries: [PT, BR]}}`) +
      policy('RoutePolicy', 'q', `{${target}, match: {countries: [BR, AO]}}`);
    const [canary] = hostOf(configOf(text), 'reviews.shop:9080')?.routes ?? [];
    expect(canary?.match).toMatchObject({ countries: ['BR'] });
  });

  it('gives a rule its share, devices and cohort key; of several policies each must agree', () => {
    const target = 'targetRef: {kind: HTTPRoute, name: r, sectionName: canary}';
    const text =
      base +
      route('r', 'reviews', '[{name: canary, backendRefs: [{name: ratings}]}, {backendRefs: [{name: reviews}]}]') +
      policy('RoutePolicy', 'a', `{${target}, match: {percent: 10, devices: [mobile, bot]}, cohort: {cookie: id}}`) +
      policy(
        'RoutePolicy',
        'b',
        `{${target}, match: {percent: 2.5, devices: [bot, desktop]}, cohort: {header: X-User}}`,
      );
    const [canary, rest] = hostOf(configOf(text), 'reviews.shop:9080')?.routes ?? [];
    const cohort = { type: 'cookie', name: 'id' };
    expect(canary?.match).toMatchObject({ devices: ['bot'], share: { perMillion: 25_000, cohort } });
    expect(canary?.action).toMatchObject({ cohort });
    expect(rest?.match).not.toHaveProperty('share');
    expect(rest?.action).not.toHaveProperty('cohort');
  });

  it('has the cluster of a mirror that no route sends requests to', () => {
    const mirror =
      '{type: RequestMirror, requestMirror: {backendRef: {group: malha.dev, kind: ServiceVersion, name: ratings-v1}, percent: 5}}';
    const text = base + route('r', 'reviews', `[{filters: [${mirror}], backendRefs: [{name: reviews}]}]`);
    const config = configOf(text);
    const [only] = hostOf(config, 'reviews.shop:9080')?.routes ?? [];
    expect(only?.action).toMatchObject({ mirrors: [{ perMillion: 50_000 }] });
    const [mirrored] = only?.action.type === 'forward' ? (only.action.mirrors ?? []) : [];
    expect(config.clusters.map(({ name }) => name)).toContain(mirrored?.cluster);
  });
});

describe('traffic policies', () => {
  const base =
    CALLER +
    service('reviews') +
    route('r', 'reviews', '[{name: a, backendRefs: [{group: malha.dev, kind: ServiceVersion, name: reviews-v1}]}]');

  it('are merged field by field, the most specific first', () => {
    const levels =
      policy(
        'TrafficPolicy',
        'mesh',
        '{targetRef: {kind: Mesh}, timeouts: {request: 1s, streamIdle: 1s}, retries: {attempts: 1, on: [reset]}, connection: {maxPending: 1}}',
        'malha-system',
      ) +
      policy(
        'TrafficPolicy',
        'ns',
        '{targetRef: {kind: Namespace, name: shop}, timeouts: {request: 2s}, connection: {connectTimeout: 2s, maxRequests: 2}}',
      ) +
      policy(
        'TrafficPolicy',
        'svc',
        '{targetRef: {kind: Service, name: reviews}, timeouts: {request: 3s}, connection: {connectTimeout: 3s}, retries: {attempts: 3}}',
      ) +
      policy(
        'TrafficPolicy',
        'ver',
        '{targetRef: {kind: ServiceVersion, name: reviews-v1}, loadBalancer: {type: Random}, connection: {connectTimeout: 4s}}',
      ) +
      policy(
        'TrafficPolicy',
        'rt',
        '{targetRef: {kind: HTTPRoute, name: r}, timeouts: {request: 5s}, retries: {budget: {percent: 5}}}',
      ) +
      policy(
        'TrafficPolicy',
        'rule',
        '{targetRef: {kind: HTTPRoute, name: r, sectionName: a}, timeouts: {request: 6s}}',
      );
    const config = configOf(base + levels);
    expect(actionOf(config, 'reviews.shop:9080')).toMatchObject({
      requestTimeoutMs: 6000,
      streamIdleTimeoutMs: 1000,
      retry: { attempts: 3, on: ['reset'], budget: { percent: 5, minConcurrent: 3 } },
    });
    expect(config.clusters.find(({ version }) => version === 'v1')).toMatchObject({
      connectTimeoutMs: 4000,
      limits: { maxConnections: 1024, maxPending: 1, maxRequests: 2 },
      loadBalancer: { type: 'Random' },
    });
  });

  it('give way to the fields of the rule itself', () => {
    const rules =
      '[{timeouts: {request: 9s, backendRequest: 4s}, retry: {codes: [418], attempts: 4, backoff: 1s}, backendRefs: [{name: reviews}]}]';
    const config = configOf(
      CALLER +
        service('reviews') +
        route('r', 'reviews', rules) +
        policy(
          'TrafficPolicy',
          'p',
          '{targetRef: {kind: HTTPRoute, name: r}, timeouts: {request: 1s}, retries: {attempts: 0}}',
        ),
    );
    expect(actionOf(config, 'reviews.shop:9080')).toMatchObject({
      requestTimeoutMs: 9000,
      backendRequestTimeoutMs: 4000,
      retry: {
        attempts: 4,
        statusCodes: [418],
        backoffBaseMs: 1000,
        backoffMaxMs: 1000,
        on: expect.arrayContaining(['retriable-status', 'connect-failure']),
      },
    });
  });

  it('let the older of two on one target win', () => {
    const two = (first: string, second: string) =>
      configOf(
        base +
          policy('TrafficPolicy', 'z', `{targetRef: {kind: Service, name: reviews}, timeouts: {request: ${first}}}`) +
          policy(
            'TrafficPolicy',
            'a',
            `{targetRef: {kind: Service, name: reviews}, timeouts: {request: ${second}, streamIdle: 7s}}`,
          ),
      );
    expect(actionOf(two('1s', '2s'), 'reviews.shop:9080')).toMatchObject({
      requestTimeoutMs: 1000,
      streamIdleTimeoutMs: 7000,
    });
  });

  it('of the whole mesh count only from malha-system, and of a namespace only from itself', () => {
    const foreign =
      policy('TrafficPolicy', 'p', '{targetRef: {kind: Mesh}, timeouts: {request: 1s}}') +
      policy('TrafficPolicy', 'q', '{targetRef: {kind: Namespace, name: shop}, timeouts: {request: 1s}}', 'other');
    const { config, quarantined } = compile(worldOf(base + foreign), scope);
    expect(actionOf(config, 'reviews.shop:9080').requestTimeoutMs).toBe(15_000);
    expect(quarantined.map(({ code, object }) => `${code} ${object}`)).toEqual([
      'MALHA1035 TrafficPolicy/shop/p',
      'MALHA1035 TrafficPolicy/other/q',
    ]);
  });
});

describe('endpoints', () => {
  const endpointsOf = (text: string, parts: Partial<World> = {}) =>
    configOf(CALLER + text, scope, parts).endpoints.find(({ cluster }) => cluster === 'outbound|9080||reviews.shop')
      ?.endpoints;

  it('are the healthy workloads that the selector takes, behind their proxies', () => {
    const text =
      service('reviews') +
      workload('r-1', 'reviews') +
      `${workload('r-2', 'reviews')}status: {healthy: false}\n` +
      workload('r-3', 'reviews', 'other') +
      workload('r-4', 'reviews', 'shop', 'weight: 3, inboundPort: 7', 'v2');
    expect(endpointsOf(text)).toEqual([
      { workload: 'shop/r-1', address: '127.64.0.1', port: 15_006, tls: true, version: 'v1', weight: 1, healthy: true },
      { workload: 'shop/r-4', address: '127.64.0.1', port: 7, tls: true, version: 'v2', weight: 3, healthy: true },
    ]);
  });

  it('are dialled directly and in plaintext where there is no proxy', () => {
    const text =
      service('reviews') +
      workload('r-1', 'reviews', 'shop', 'model: none') +
      workload('r-2', 'reviews', 'shop', 'model: none, ports: [{port: 9080, appAddress: "[::1]:40123"}]');
    expect(endpointsOf(text)).toMatchObject([
      { address: '127.64.0.1', port: 9080, tls: false },
      { address: '::1', port: 40_123, tls: false },
    ]);
  });

  it('follow the mode of the inbound port', () => {
    const disable = policy(
      'PeerAuthentication',
      'p',
      '{targetRef: {kind: Workload, name: r-1}, ports: {"9080": DISABLE}}',
    );
    expect(
      endpointsOf(service('reviews') + workload('r-1', 'reviews') + workload('r-2', 'reviews') + disable),
    ).toMatchObject([
      { workload: 'shop/r-1', tls: false, port: 15_006 },
      { workload: 'shop/r-2', tls: true },
    ]);
    expect(endpointsOf(service('reviews') + workload('r-1', 'reviews'), { plaintext: true })).toMatchObject([
      { tls: false },
    ]);
  });

  it('find a port by its name, and leave out a workload that does not have it', () => {
    const named = service('reviews', 'shop', 'ports: [{port: 9080, targetPort: web}]');
    const text =
      named +
      workload('r-1', 'reviews', 'shop', 'model: none, ports: [{name: web, port: 8080}]') +
      workload('r-2', 'reviews', 'shop', 'model: none');
    expect(endpointsOf(text)).toMatchObject([{ workload: 'shop/r-1', port: 8080 }]);
  });

  it('must prove the identities of the workloads, or that of the service while there are none', () => {
    const ids = (text: string) => configOf(CALLER + service('reviews') + text).clusters[0]?.tls;
    expect(ids('')).toEqual({
      serverName: '9080.reviews.shop.mesh',
      spiffeIds: ['spiffe://mesh.local/ns/shop/sa/reviews'],
    });
    expect(
      ids(
        workload('r-1', 'reviews', 'shop', 'serviceAccount: b') +
          workload('r-2', 'reviews', 'shop', 'serviceAccount: a'),
      )?.spiffeIds,
    ).toEqual(['spiffe://mesh.local/ns/shop/sa/a', 'spiffe://mesh.local/ns/shop/sa/b']);
  });
});

describe('inbound ports', () => {
  const at = (text: string) =>
    configOf(
      service('reviews') +
        workload('r-1', 'reviews', 'shop', 'ports: [{port: 9080, appAddress: "127.0.0.1:40123"}]') +
        text,
      { namespace: 'shop', workload: 'r-1' },
    ).inbound.ports;

  it('are those that services call, by SNI and by host', () => {
    expect(at('')).toEqual([
      {
        port: 9080,
        appAddress: '127.0.0.1:40123',
        protocol: 'http',
        mode: 'STRICT',
        serverNames: ['9080.reviews.shop.mesh'],
        hosts: ['reviews', 'reviews.shop', 'reviews.shop.mesh'],
        service: { namespace: 'shop', name: 'reviews' },
        authorization: { policies: [] },
        takesBytes: true,
      },
    ]);
  });

  it.each([
    [
      'another service that declares HTTP for it',
      service('alias', 'shop', 'ports: [{port: 80, targetPort: 9080, appProtocol: http}]').replace(
        'app: alias',
        'app: reviews',
      ),
    ],
    [
      'a limit of requests',
      policy('RateLimit', 'l', '{targetRef: {kind: Service, name: reviews}, limits: [{name: l, requests: 5}]}'),
    ],
    [
      'a bound of requests',
      policy('TrafficPolicy', 'b', '{targetRef: {kind: Service, name: reviews}, requests: {maxBytes: 1000}}'),
    ],
  ])('take no bytes with %s, which they would go around', (_, text) => {
    const [port] = at(text);
    expect(port?.protocol).toBe('http');
    expect(port?.takesBytes).toBeUndefined();
  });

  it('have one entry for several services of one port', () => {
    const [port] = at(
      service('alias', 'shop', 'ports: [{port: 80, targetPort: 9080}]').replace('app: alias', 'app: reviews'),
    );
    expect(port?.serverNames).toEqual(['9080.reviews.shop.mesh', '80.alias.shop.mesh']);
    expect(port?.hosts).toContain('alias.shop');
  });

  it('take the mode of workload, service, namespace and mesh in this order', () => {
    const mode = (text: string) => at(text)[0]?.mode;
    const mesh = policy('PeerAuthentication', 'm', '{targetRef: {kind: Mesh}, mode: DISABLE}', 'malha-system');
    const ns = policy('PeerAuthentication', 'n', '{targetRef: {kind: Namespace, name: shop}, mode: PERMISSIVE}');
    const svc = policy(
      'PeerAuthentication',
      's',
      '{targetRef: {kind: Service, name: reviews}, mode: DISABLE, ports: {"9080": STRICT}}',
    );
    const own = policy('PeerAuthentication', 'w', '{targetRef: {kind: Workload, name: r-1}, mode: PERMISSIVE}');
    expect(mode('')).toBe('STRICT');
    expect(mode(mesh)).toBe('DISABLE');
    expect(mode(mesh + ns)).toBe('PERMISSIVE');
    expect(mode(mesh + ns + svc)).toBe('STRICT');
    expect(mode(mesh + ns + svc + own)).toBe('PERMISSIVE');
  });

  it('have the policies of mesh, namespace, service and workload', () => {
    const deny = (name: string, target: string, ns = 'shop') =>
      policy(
        'AuthorizationPolicy',
        name,
        `{targetRef: ${target}, action: DENY, rules: [{to: {methods: [DELETE]}, when: [{header: X-A, values: [b]}]}]}`,
        ns,
      );
    const [port] = at(
      deny('m', '{kind: Mesh}', 'malha-system') +
        deny('n', '{kind: Namespace, name: shop}') +
        deny('s', '{kind: Service, name: reviews}') +
        deny('w', '{kind: Workload, name: r-1}') +
        deny('x', '{kind: Service, name: other}'),
    );
    expect(port?.authorization.policies.map(({ id }) => id)).toEqual(['malha-system/m', 'shop/n', 'shop/s', 'shop/w']);
    expect(port?.authorization.policies[0]).toMatchObject({
      action: 'DENY',
      mode: 'Enforce',
      rules: [{ methods: ['DELETE'], headers: [{ name: 'x-a', values: ['b'] }] }],
    });
  });
});

describe('isolation of a namespace', () => {
  const namespace = (name: string, spec: string) =>
    `---\napiVersion: malha.dev/v1\nkind: Namespace\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
  const world = (isolation: string, more = '') =>
    worldOf(
      namespace('shop', `{owner: red, ${isolation}}`) +
        namespace('pay', '{owner: red}') +
        namespace('other', '{owner: blue}') +
        service('reviews') +
        workload('r-1', 'reviews') +
        workload('p-1', 'p', 'pay') +
        workload('o-1', 'o', 'other', 'serviceAccount: job') +
        workload('o-2', 'o', 'other') +
        more,
    );
  const callers = (isolation: string) =>
    ['shop/r-1', 'pay/p-1', 'other/o-1', 'other/o-2'].filter((key) => {
      const [ns = '', name = ''] = key.split('/');
      return (
        hostOf(compile(world(isolation), { namespace: ns, workload: name }).config, 'reviews.shop:9080') !== undefined
      );
    });

  it.each([
    ['isolation: open', ['shop/r-1', 'pay/p-1', 'other/o-1', 'other/o-2']],
    ['isolation: group', ['shop/r-1', 'pay/p-1']],
    ['isolation: strict', ['shop/r-1']],
    ['isolation: strict, allowFrom: [{namespace: other, serviceAccount: job}]', ['shop/r-1', 'other/o-1']],
    ['isolation: group, allowFrom: [{namespace: other}]', ['shop/r-1', 'pay/p-1', 'other/o-1', 'other/o-2']],
  ])('%s is seen by %j', (isolation, expected) => {
    expect(callers(isolation)).toEqual(expected);
  });

  it('is enforced by the callee too, also together with its own ALLOW policies', () => {
    const rules = (more = '') =>
      compile(world('isolation: strict, allowFrom: [{namespace: other, serviceAccount: job}]', more), {
        namespace: 'shop',
        workload: 'r-1',
      }).config.inbound.ports[0]?.authorization.policies;
    expect(rules()).toMatchObject([
      {
        id: 'shop/isolation',
        action: 'ALLOW',
        rules: [
          { namespaces: ['shop'], principals: [] },
          { namespaces: [], principals: ['spiffe://mesh.local/ns/other/sa/job'] },
        ],
      },
    ]);
    const allow = policy(
      'AuthorizationPolicy',
      'a',
      '{targetRef: {kind: Service, name: reviews}, action: ALLOW, rules: [{from: {namespaces: [other, pay]}}, {from: {principals: ["spiffe://mesh.local/ns/other/*"]}, to: {methods: [GET]}}]}',
    );
    expect(rules(allow)).toMatchObject([
      {
        id: 'shop/a',
        rules: [
          { namespaces: ['other', 'pay'], principals: ['spiffe://mesh.local/ns/other/sa/job'] },
          { namespaces: ['shop'], principals: ['spiffe://mesh.local/ns/other/*'], methods: ['GET'] },
          { namespaces: [], principals: ['spiffe://mesh.local/ns/other/sa/job'], methods: ['GET'] },
        ],
      },
    ]);
  });
});

describe('compile', () => {
  it('refuses a workload that is not registered, by code', () => {
    expect(() => configOf(CALLER, { namespace: 'shop', workload: 'gone' })).toThrow(UnknownWorkloadError);
  });

  it('samples traces by the annotation of the namespace, else of the mesh', () => {
    const ns = (name: string, percent: string) =>
      `---\napiVersion: malha.dev/v1\nkind: Namespace\nmetadata: {name: ${name}, annotations: {malha.dev/trace-sample-percent: "${percent}"}}\nspec: {}\n`;
    expect(configOf(CALLER).outbound.tracing.samplePercent).toBe(1);
    expect(configOf(CALLER + ns('malha-system', '5')).inbound.tracing.samplePercent).toBe(5);
    expect(configOf(CALLER + ns('malha-system', '5') + ns('shop', '100')).outbound.tracing.samplePercent).toBe(100);
    expect(configOf(CALLER + ns('shop', '101')).outbound.tracing.samplePercent).toBe(1);
  });

  it('lets a registration replace a workload of a file', () => {
    const registered = worldOf(workload('r-1', 'reviews', 'shop', 'inboundPort: 99')).resources;
    const world = {
      ...worldOf(CALLER + service('reviews') + workload('r-1', 'reviews')),
      workloads: registered.flatMap((r) => (r.kind === 'Workload' ? [r] : [])),
    };
    expect(compile(world, scope).config.endpoints[0]?.endpoints).toMatchObject([{ port: 99 }]);
  });

  it('shares between scopes what does not depend on the caller', () => {
    const index = buildIndex(
      worldOf(CALLER + workload('web-2', 'web') + service('reviews') + workload('r-1', 'reviews')),
    );
    const a = compile(index, scope).config;
    const b = compile(index, { namespace: 'shop', workload: 'web-2' }).config;
    expect(a.routeTables[0]?.virtualHosts[0]).toBe(b.routeTables[0]?.virtualHosts[0]);
    expect(a.clusters[0]).toBe(b.clusters[0]);
    expect(a.endpoints[0]).toBe(b.endpoints[0]);
  });

  it('is deterministic whatever the order of registration', () => {
    const resources = worldOf(CALLER + service('reviews') + service('ratings')).resources;
    const workloads = worldOf(['c', 'a', 'b'].map((name) => workload(name, 'reviews')).join('')).resources.flatMap(
      (r) => (r.kind === 'Workload' ? [r] : []),
    );
    const expected = compile({ resources, workloads, trustDomain: 'mesh.local' }, scope);
    fc.assert(
      fc.property(fc.shuffledSubarray(workloads, { minLength: 3 }), (shuffled) => {
        expect(compile({ resources, workloads: shuffled, trustDomain: 'mesh.local' }, scope)).toEqual(expected);
      }),
    );
  });
});
