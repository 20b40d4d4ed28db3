import { describe, expect, it } from 'vitest';
import { analyze } from './analyze.ts';
import { policy, route, service, workload, worldOf } from './testing.ts';

const base = service('reviews') + workload('r-1', 'reviews') + workload('r-2', 'reviews', 'shop', '', 'v2');

function found(text: string): string[] {
  return analyze(worldOf(base + text)).map(
    ({ code, severity, object, path }) => `${severity} ${code} ${object} ${path}`,
  );
}

const good = '{name: reviews, port: 9080}';

const answerBy = (name: string) =>
  `{type: ExtensionRef, extensionRef: {group: malha.dev, kind: DirectResponse, name: ${name}}}`;

describe('analyze', () => {
  it('has nothing to say about a sound mesh', () => {
    const rules = `[{matches: [{path: {value: /a}}], backendRefs: [{group: malha.dev, kind: ServiceVersion, name: reviews-v1, port: 9080}]}, {backendRefs: [${good}]}]`;
    expect(found(route('r', 'reviews', rules))).toEqual([]);
  });

  it.each<[string, string, string[]]>([
    [
      'a parent that does not exist',
      route('r', 'gone', `[{backendRefs: [${good}]}]`),
      ['error MALHA1020 HTTPRoute/shop/r spec.parentRefs[0]'],
    ],
    [
      'a parent without the port',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`).replace('name: reviews}]', 'name: reviews, port: 1}]'),
      ['error MALHA1021 HTTPRoute/shop/r spec.parentRefs[0]'],
    ],
    [
      'a missing service',
      route('r', 'reviews', '[{backendRefs: [{name: gone, port: 80}]}]'),
      ['error MALHA1022 HTTPRoute/shop/r spec.rules[0].backendRefs[0].name'],
    ],
    [
      'a missing version',
      route('r', 'reviews', '[{backendRefs: [{group: malha.dev, kind: ServiceVersion, name: reviews-v9}]}]'),
      ['error MALHA1023 HTTPRoute/shop/r spec.rules[0].backendRefs[0].name'],
    ],
    [
      'a missing port',
      route('r', 'reviews', '[{backendRefs: [{name: reviews, port: 1}]}]'),
      ['error MALHA1024 HTTPRoute/shop/r spec.rules[0].backendRefs[0].port'],
    ],
    [
      'a backend of another kind',
      route('r', 'reviews', '[{backendRefs: [{group: apps, kind: Deployment, name: x}]}]'),
      ['error MALHA1025 HTTPRoute/shop/r spec.rules[0].backendRefs[0].kind'],
    ],
    [
      'a backend in another namespace',
      route('r', 'reviews', '[{backendRefs: [{name: reviews, namespace: other}]}]'),
      ['error MALHA1026 HTTPRoute/shop/r spec.rules[0].backendRefs[0].namespace'],
    ],
    [
      'a route without parents',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`).replace(/ {2}parentRefs.*\n/, ''),
      ['warning MALHA1027 HTTPRoute/shop/r spec.parentRefs'],
    ],
    [
      'a gateway as parent',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`).replace('group: "", kind: Service, ', ''),
      ['error MALHA1060 HTTPRoute/shop/r spec.parentRefs[0]'],
    ],
    [
      'a parent without group',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`).replace('group: "", ', ''),
      ['warning MALHA1028 HTTPRoute/shop/r spec.parentRefs[0].group'],
    ],
    [
      'weights that are all zero',
      route('r', 'reviews', '[{backendRefs: [{name: reviews, weight: 0}]}]'),
      ['warning MALHA1029 HTTPRoute/shop/r spec.rules[0].backendRefs'],
    ],
    [
      'a rule that another hides',
      route(
        'r',
        'reviews',
        `[{matches: [{method: GET}], backendRefs: [${good}]}, {matches: [{method: GET}], backendRefs: [${good}]}]`,
      ),
      ['warning MALHA1030 HTTPRoute/shop/r spec.rules[1].matches[0]'],
    ],
    [
      'a rule that an older route hides',
      route('old', 'reviews', `[{backendRefs: [${good}]}]`) + route('a-new', 'reviews', `[{backendRefs: [${good}]}]`),
      ['warning MALHA1030 HTTPRoute/shop/a-new spec.rules[0].matches[0]'],
    ],
    [
      'two services with one address',
      service('x', 'shop', 'virtualIP: 127.96.0.1\n  ports: [{port: 80}]').replace('app: x', 'app: reviews') +
        service('y', 'shop', 'virtualIP: 127.96.0.1\n  ports: [{port: 80}]').replace('app: y', 'app: reviews'),
      ['error MALHA1031 Service/shop/y spec.virtualIP'],
    ],
    [
      'hostnames',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`).replace('  rules', '  hostnames: [a.example]\n  rules'),
      ['warning MALHA1032 HTTPRoute/shop/r spec.hostnames'],
    ],
    [
      'a mirror to nowhere',
      route(
        'r',
        'reviews',
        `[{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: nowhere}}}], backendRefs: [${good}]}]`,
      ),
      ['error MALHA1022 HTTPRoute/shop/r spec.rules[0].filters[0].requestMirror.backendRef.name'],
    ],
    [
      'a mirror of one backend to a service that does not exist',
      route(
        'r',
        'reviews',
        '[{backendRefs: [{name: reviews, filters: [{type: RequestMirror, requestMirror: {backendRef: {name: nowhere}}}]}]}]',
      ),
      ['error MALHA1022 HTTPRoute/shop/r spec.rules[0].backendRefs[0].filters[0].requestMirror.backendRef.name'],
    ],
    [
      'session persistence',
      route('r', 'reviews', `[{sessionPersistence: {idleTimeout: 1h}, backendRefs: [${good}]}]`),
      ['warning MALHA1033 HTTPRoute/shop/r spec.rules[0].sessionPersistence.idleTimeout'],
    ],
    [
      'an extension',
      route(
        'r',
        'reviews',
        `[{filters: [{type: ExtensionRef, extensionRef: {group: a, kind: B, name: c}}], backendRefs: [${good}]}]`,
      ),
      ['error MALHA1044 HTTPRoute/shop/r spec.rules[0].filters[0]'],
    ],
    [
      'a DirectResponse that does not exist',
      route('r', 'reviews', `[{filters: [${answerBy('gone')}]}]`) +
        policy('DirectResponse', 'gone', '{status: 200}', 'other'),
      ['error MALHA1044 HTTPRoute/shop/r spec.rules[0].filters[0].extensionRef.name'],
    ],
    [
      'a DirectResponse, which needs no backend',
      route('r', 'reviews', `[{filters: [${answerBy('here')}]}]`) + policy('DirectResponse', 'here', '{status: 200}'),
      [],
    ],
    [
      'fields beside a DirectResponse',
      route('r', 'reviews', `[{filters: [${answerBy('here')}, {type: CORS, cors: {}}], backendRefs: [${good}]}]`) +
        policy('DirectResponse', 'here', '{status: 200}'),
      [
        'warning MALHA1051 HTTPRoute/shop/r spec.rules[0].backendRefs',
        'warning MALHA1051 HTTPRoute/shop/r spec.rules[0].filters[1]',
      ],
    ],
    [
      'a DirectResponse beside a redirect',
      route(
        'r',
        'reviews',
        `[{filters: [{type: RequestRedirect, requestRedirect: {scheme: https}}, ${answerBy('here')}]}]`,
      ) + policy('DirectResponse', 'here', '{status: 200}'),
      ['warning MALHA1051 HTTPRoute/shop/r spec.rules[0].filters[1]'],
    ],
    [
      'outlier detection on a route',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`) +
        policy('TrafficPolicy', 'p', '{targetRef: {kind: HTTPRoute, name: r}, outlierDetection: {interval: 1s}}'),
      ['warning MALHA1033 TrafficPolicy/shop/p spec.outlierDetection'],
    ],
    [
      'a balancer on a route',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`) +
        policy('TrafficPolicy', 'p', '{targetRef: {kind: HTTPRoute, name: r}, loadBalancer: {type: Random}}'),
      ['warning MALHA1033 TrafficPolicy/shop/p spec.loadBalancer'],
    ],
    [
      'parts of a RoutePolicy',
      route('r', 'reviews', `[{name: a, backendRefs: [${good}]}]`) +
        policy(
          'RoutePolicy',
          'p',
          '{targetRef: {kind: HTTPRoute, name: r, sectionName: a}, match: {percent: 5, devices: [bot], countries: [PT]}, cohort: {claim: sub}}',
        ),
      [
        'warning MALHA1033 RoutePolicy/shop/p spec.cohort.claim',
        'warning MALHA1052 RoutePolicy/shop/p spec.match.countries',
      ],
    ],
    [
      'a fallback that leads nowhere',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`) +
        policy(
          'RoutePolicy',
          'p',
          '{targetRef: {kind: HTTPRoute, name: r}, fallback: {backendRef: {name: gone, port: 80}}}',
        ) +
        policy('RoutePolicy', 'q', '{targetRef: {kind: HTTPRoute, name: r}, fallback: {responseRef: {name: gone}}}'),
      [
        'error MALHA1022 RoutePolicy/shop/p spec.fallback.backendRef.name',
        'warning MALHA1038 RoutePolicy/shop/q spec.fallback',
        'error MALHA1054 RoutePolicy/shop/q spec.fallback.responseRef.name',
      ],
    ],
    [
      'two policies that hedge one route',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`) +
        policy('RoutePolicy', 'p', '{targetRef: {kind: HTTPRoute, name: r}, hedging: {delay: 50ms}}') +
        policy('RoutePolicy', 'q', '{targetRef: {kind: HTTPRoute, name: r}, hedging: {delay: 90ms}}'),
      ['warning MALHA1038 RoutePolicy/shop/q spec.hedging'],
    ],
    [
      'a target that does not exist',
      policy('TrafficPolicy', 'p', '{targetRef: {kind: ServiceVersion, name: reviews-v3}, timeouts: {request: 1s}}'),
      ['warning MALHA1034 TrafficPolicy/shop/p spec.targetRef'],
    ],
    [
      'a rule that does not exist',
      route('r', 'reviews', `[{backendRefs: [${good}]}]`) +
        policy('RoutePolicy', 'p', '{targetRef: {kind: HTTPRoute, name: r, sectionName: gone}}'),
      ['warning MALHA1034 RoutePolicy/shop/p spec.targetRef'],
    ],
    [
      'a policy for the mesh from elsewhere',
      policy('PeerAuthentication', 'p', '{targetRef: {kind: Mesh}, mode: DISABLE}'),
      ['error MALHA1035 PeerAuthentication/shop/p spec.targetRef.kind'],
    ],
    ['a service and versions without workloads', service('x'), ['warning MALHA1036 Service/shop/x spec.selector']],
    [
      'a version without workloads',
      service('x').replace('app: x', 'app: only') + workload('o', 'only'),
      ['warning MALHA1037 Service/shop/x spec.versions[1]'],
    ],
    [
      'policies that disagree',
      policy('TrafficPolicy', 'b', '{targetRef: {kind: Service, name: reviews}, timeouts: {request: 1s}}') +
        policy(
          'TrafficPolicy',
          'a',
          '{targetRef: {kind: Service, name: reviews}, timeouts: {request: 2s, streamIdle: 1s}}',
        ),
      ['warning MALHA1038 TrafficPolicy/shop/a spec.timeouts.request'],
    ],
    [
      'modes that disagree',
      policy('PeerAuthentication', 'b', '{targetRef: {kind: Service, name: reviews}, mode: STRICT}') +
        policy('PeerAuthentication', 'a', '{targetRef: {kind: Service, name: reviews}, mode: DISABLE}'),
      ['warning MALHA1038 PeerAuthentication/shop/a spec.mode'],
    ],
    [
      'an unknown name of a port',
      service('x', 'shop', 'ports: [{port: 80, targetPort: web}]').replace('app: x', 'app: reviews'),
      ['warning MALHA1039 Service/shop/x spec.ports[0].targetPort'],
    ],
    [
      'a rule without backends',
      route('r', 'reviews', '[{matches: [{method: GET}]}]'),
      ['warning MALHA1040 HTTPRoute/shop/r spec.rules[0].backendRefs'],
    ],
    [
      'a DENY without rules',
      policy('AuthorizationPolicy', 'p', '{targetRef: {kind: Service, name: reviews}, action: DENY}'),
      ['warning MALHA1041 AuthorizationPolicy/shop/p spec.rules'],
    ],
    [
      'identities without mTLS',
      policy('PeerAuthentication', 'p', '{targetRef: {kind: Service, name: reviews}, mode: PERMISSIVE}') +
        policy(
          'AuthorizationPolicy',
          'p',
          '{targetRef: {kind: Service, name: reviews}, action: ALLOW, rules: [{from: {namespaces: [a]}}]}',
        ),
      ['warning MALHA1042 AuthorizationPolicy/shop/p spec.rules[0].from'],
    ],
    [
      'an HTTPRoute on a TCP port',
      service('db', 'shop', 'ports: [{port: 5432, appProtocol: tcp}]').replace('app: db', 'app: reviews') +
        route('r', 'db', `[{backendRefs: [${good}]}]`),
      ['error MALHA1043 HTTPRoute/shop/r spec.parentRefs[0]'],
    ],
    [
      'a TCP port as backend',
      service('db', 'shop', 'ports: [{port: 5432, appProtocol: tcp}]').replace('app: db', 'app: reviews') +
        route('r', 'reviews', '[{backendRefs: [{name: db, port: 5432}]}]'),
      ['error MALHA1043 HTTPRoute/shop/r spec.rules[0].backendRefs[0].port'],
    ],
    ['a workload of no service', workload('x', 'x'), ['warning MALHA1045 Workload/shop/x metadata.labels']],
    [
      'TCP upstreams',
      workload('r-3', 'reviews', 'shop', 'upstreams: [{service: db, port: 1, listen: 2}]'),
      ['warning MALHA1048 Workload/shop/r-3 spec.upstreams[0]'],
    ],
    [
      'a broken annotation',
      '---\napiVersion: malha.dev/v1\nkind: Namespace\nmetadata: {name: shop, annotations: {malha.dev/trace-sample-percent: all}}\nspec: {}\n',
      ['warning MALHA1046 Namespace//shop metadata.annotations["malha.dev/trace-sample-percent"]'],
    ],
  ])('names %s', (_, text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it('does not call a rule hidden that comes after one for some callers only', () => {
    const text =
      route('r', 'reviews', `[{name: a, backendRefs: [${good}]}, {backendRefs: [${good}]}]`) +
      policy(
        'RoutePolicy',
        'p',
        '{targetRef: {kind: HTTPRoute, name: r, sectionName: a}, match: {callers: [{namespace: x}]}}',
      );
    expect(found(text)).toEqual([]);
  });

  it('says each thing once, however many ports a route is attached to', () => {
    const text =
      service('many', 'shop', 'ports: [{port: 80}, {port: 81}]').replace('app: many', 'app: reviews') +
      route('r', 'many', '[{backendRefs: [{name: gone, port: 80}]}]');
    expect(found(text)).toHaveLength(1);
  });
});
