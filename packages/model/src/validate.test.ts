import { describe, expect, it } from 'vitest';
import { validateResource } from './validate.ts';

function route(rule: unknown, spec: object = {}): unknown {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'r', namespace: 'n' },
    spec: { ...spec, rules: [rule] },
  };
}

function malha(kind: string, spec: unknown, name = 'x'): unknown {
  return { apiVersion: 'malha.dev/v1', kind, metadata: { name, namespace: 'n' }, spec };
}

function problems(value: unknown): string[] {
  const result = validateResource(value);
  return result.ok ? [] : result.findings.map(({ code, path }) => `${code} ${path}`);
}

function message(value: unknown): string {
  const result = validateResource(value);
  return result.ok ? '' : (result.findings[0]?.message ?? '');
}

const backendRefs = [{ name: 's', port: 80 }];

describe('HTTPRoute, as its CRD validates it', () => {
  it.each<[string, unknown, string[]]>([
    ['a plain rule', { backendRefs }, []],
    ['a double slash', { matches: [{ path: { value: '/a//b' } }] }, ['MALHA1008 spec.rules[0].matches[0].path.value']],
    ['dot segments', { matches: [{ path: { value: '/a/../b' } }] }, ['MALHA1008 spec.rules[0].matches[0].path.value']],
    [
      'an encoded slash',
      { matches: [{ path: { value: '/a%2Fb' } }] },
      ['MALHA1008 spec.rules[0].matches[0].path.value'],
    ],
    ['a regular expression with them', { matches: [{ path: { type: 'RegularExpression', value: '/a//.*' } }] }, []],
    [
      'a malformed one',
      { matches: [{ path: { type: 'RegularExpression', value: '(' } }] },
      ['MALHA1008 spec.rules[0].matches[0].path.value'],
    ],
    [
      'one with a backreference',
      { matches: [{ headers: [{ type: 'RegularExpression', name: 'a', value: '(a)\\1' }] }] },
      ['MALHA1008 spec.rules[0].matches[0].headers[0].value'],
    ],
    ['a method in small letters', { matches: [{ method: 'get' }] }, ['MALHA1008 spec.rules[0].matches[0].method']],
    [
      'a filter without its settings',
      { filters: [{ type: 'URLRewrite' }] },
      ['MALHA1007 spec.rules[0].filters[0].urlRewrite'],
    ],
    [
      'a filter with those of another',
      { filters: [{ type: 'CORS', cors: {}, urlRewrite: {} }] },
      ['MALHA1006 spec.rules[0].filters[0].urlRewrite'],
    ],
    ['an unknown filter', { filters: [{ type: 'Teleport' }] }, ['MALHA1008 spec.rules[0].filters[0].type']],
    [
      'a filter twice',
      {
        filters: [
          { type: 'CORS', cors: {} },
          { type: 'CORS', cors: {} },
        ],
      },
      ['MALHA1008 spec.rules[0].filters[1].type'],
    ],
    [
      'redirect and backends',
      { backendRefs, filters: [{ type: 'RequestRedirect', requestRedirect: {} }] },
      ['MALHA1008 spec.rules[0].filters[0]'],
    ],
    [
      'a header set and removed',
      {
        filters: [
          { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'A', value: 'b' }], remove: ['a'] } },
        ],
      },
      ['MALHA1008 spec.rules[0].filters[0].requestHeaderModifier.remove[0]'],
    ],
    [
      'ReplacePrefixMatch on an exact path',
      {
        matches: [{ path: { type: 'Exact', value: '/a' } }],
        backendRefs,
        filters: [
          { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/b' } } },
        ],
      },
      ['MALHA1008 spec.rules[0].filters[0]'],
    ],
    [
      'an attempt longer than the request',
      { timeouts: { request: '1s', backendRequest: '2s' } },
      ['MALHA1008 spec.rules[0].timeouts.backendRequest'],
    ],
    ['no limit of the request', { timeouts: { request: '0s', backendRequest: '2s' } }, []],
    ['a fractional duration', { timeouts: { request: '1.5s' } }, ['MALHA1008 spec.rules[0].timeouts.request']],
    [
      'a weight above a million',
      { backendRefs: [{ name: 's', weight: 1_000_001 }] },
      ['MALHA1008 spec.rules[0].backendRefs[0].weight'],
    ],
    [
      'a fractional weight',
      { backendRefs: [{ name: 's', weight: 0.5 }] },
      ['MALHA1008 spec.rules[0].backendRefs[0].weight'],
    ],
    [
      'percent and fraction',
      {
        filters: [
          {
            type: 'RequestMirror',
            requestMirror: { backendRef: { name: 's' }, percent: 1, fraction: { numerator: 1 } },
          },
        ],
      },
      ['MALHA1008 spec.rules[0].filters[0].requestMirror'],
    ],
    [
      'session cookies without an end',
      { sessionPersistence: { cookieConfig: { lifetimeType: 'Permanent' } } },
      ['MALHA1008 spec.rules[0].sessionPersistence.absoluteTimeout'],
    ],
  ])('judges %s', (_, rule, expected) => {
    expect(problems(route(rule))).toEqual(expected);
  });

  it('refuses rules of the same name and more than 128 matches', () => {
    const twice = { ...(route({}) as object), spec: { rules: [{ name: 'a' }, { name: 'a' }] } };
    expect(problems(twice)).toEqual(['MALHA1008 spec.rules[1].name']);
    const matches = Array.from({ length: 64 }, () => ({}));
    const many = { ...(route({}) as object), spec: { rules: [{ matches }, { matches }, { matches: [{}] }] } };
    expect(problems(many)).toEqual(['MALHA1008 spec.rules']);
  });
});

describe('the kinds of the mesh', () => {
  it('refuses a version with a dash, because its name could not be told from the service', () => {
    const spec = { ports: [{ port: 80 }], versions: [{ name: 'v-1', labels: {} }] };
    expect(problems(malha('Service', spec))).toEqual(['MALHA1008 spec.versions[0].name']);
  });

  it('refuses ports that repeat', () => {
    expect(problems(malha('Service', { ports: [{ port: 80 }, { port: 80 }] }))).toEqual([
      'MALHA1008 spec.ports[1].port',
    ]);
  });

  it('refuses a target of the wrong group and without a name', () => {
    const spec = { targetRef: { group: 'apps', kind: 'Service' }, mode: 'STRICT' };
    expect(problems(malha('PeerAuthentication', spec))).toEqual([
      'MALHA1008 spec.targetRef.group',
      'MALHA1008 spec.targetRef.name',
    ]);
  });

  it('refuses a port key that is no port', () => {
    const spec = { targetRef: { kind: 'Namespace', name: 'n' }, ports: { http: 'STRICT' } };
    expect(problems(malha('PeerAuthentication', spec))).toEqual(['MALHA1008 spec.ports.http']);
  });

  it('refuses principals that are no SPIFFE IDs and patterns with an inner star', () => {
    const rules = [{ from: { principals: ['reviews'] }, to: { paths: ['/a*b'] } }];
    const spec = { targetRef: { kind: 'Service', name: 's' }, action: 'ALLOW', rules };
    expect(problems(malha('AuthorizationPolicy', spec))).toEqual([
      'MALHA1008 spec.rules[0].from.principals[0]',
      'MALHA1008 spec.rules[0].to.paths[0]',
    ]);
  });

  it('refuses a namespace in the metadata of a Namespace', () => {
    expect(problems(malha('Namespace', {}))).toEqual(['MALHA1006 metadata.namespace']);
  });

  it('says what it expected in words', () => {
    expect(message(malha('Service', { ports: [{ port: '80' }] }))).toBe(
      'spec.ports[0].port must be a number, not text.',
    );
    expect(message(malha('Service', { ports: [{ port: 80, appProtocol: 'htp' }] }))).toContain(
      'one of "http", "http2"',
    );
    expect(message(malha('Service', {}))).toBe('spec.ports is missing.');
    expect(message(malha('Service', { ports: [{ port: 70_000 }] }))).toBe(
      'spec.ports[0].port must be at most 65535, not 70000.',
    );
  });
});
