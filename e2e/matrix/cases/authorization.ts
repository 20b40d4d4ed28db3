// Authorization at the proxy of the callee: who may do what, DENY before ALLOW, Shadow never acts.
import { resource, route } from '../src/authoring.ts';
import type { Caller, CaseRequest, Expectation, MatrixCase, Section } from '../src/case.ts';

type Request = Partial<CaseRequest>;

const policy = (name: string, action: string, rules: string, more = '') =>
  resource(
    'AuthorizationPolicy',
    name,
    `{targetRef: {kind: Service, name: vault}, action: ${action}, ${more}rules: ${rules}}`,
  );

const VISITOR: Caller = { via: 'outbound', workload: 'other/visitor' };
const as = (namespace: string, serviceAccount: string): Caller => ({
  via: 'inbound',
  identity: { namespace, serviceAccount },
});
const PLAINTEXT: Caller = { via: 'inbound', identity: 'plaintext' };
const PERMISSIVE = resource(
  'PeerAuthentication',
  'mode',
  '{targetRef: {kind: Service, name: vault}, mode: PERMISSIVE}',
);

const OK: Expectation = { status: 200, backend: 'vault', deniedBy: '' };
const denied = (by: string): Expectation => ({ status: 403, backend: null, deniedBy: `shop/${by}` });

interface Row {
  readonly request?: Request;
  readonly expect: Expectation;
}

const decides = (name: string, resources: string, rows: readonly Row[], caller?: Caller): MatrixCase => ({
  name: `authorization: ${name}`,
  resources,
  ...(caller !== undefined && { caller }),
  exchanges: rows.map(({ request, expect }) => ({ request: { host: 'vault.shop', ...request }, expect })),
});

const FRONT_ONLY = policy('front', 'ALLOW', '[{from: {principals: ["spiffe://mesh.local/ns/shop/sa/front"]}}]');
const OF_SHOP = policy('shop', 'ALLOW', '[{from: {namespaces: [shop]}}]');
const READERS = policy('readers', 'ALLOW', '[{to: {methods: [GET, HEAD]}}]');
const NO_SECRETS = policy('secrets', 'DENY', '[{to: {paths: ["/secret*"]}}]');
const NO_ADMIN = policy('admin', 'DENY', '[{when: [{header: x-role, values: [admin]}]}]');
const PREFIXED = policy('prefixed', 'ALLOW', '[{from: {principals: ["spiffe://mesh.local/ns/shop/*"]}}]');
const ANYBODY = policy('any', 'ALLOW', '[{from: {principals: ["*"]}}]');
const PUBLIC = policy('public', 'ALLOW', '[{to: {paths: ["/public/*", "*.png", /index]}}]');
const BY_HOST = policy('host', 'ALLOW', '[{to: {hosts: [vault.shop.mesh]}}]');
const BY_HOST_SUFFIX = policy('host', 'ALLOW', '[{to: {hosts: ["*.mesh"]}}]');
const BY_PORT = policy('port', 'DENY', '[{to: {ports: [8081]}}]');
const BY_ADDRESS = policy('address', 'ALLOW', '[{from: {ipBlocks: [127.0.0.0/8]}}]');
const BY_OTHER_ADDRESS = policy('address', 'DENY', '[{from: {ipBlocks: [10.0.0.0/8, "fd00::/8"]}}]');
const BOTH_PARTS = policy('both', 'ALLOW', '[{from: {namespaces: [shop]}, to: {methods: [GET]}}]');
const TWO_RULES = policy('rules', 'ALLOW', '[{from: {namespaces: [other]}}, {to: {methods: [GET]}}]');
const NOBODY = policy('nobody', 'ALLOW', '[]');
const DENIES_NOTHING = policy('nothing', 'DENY', '[]');
const DENIES_ALL = policy('all', 'DENY', '[{}]');
const HEADER_PRESENT = policy('present', 'ALLOW', '[{when: [{header: x-token, values: ["*"]}]}]');
const HEADER_PREFIX = policy('prefix', 'ALLOW', '[{when: [{header: x-token, values: ["abc*", "*xyz"]}]}]');
const TWO_HEADERS = policy('two', 'ALLOW', '[{when: [{header: x-a, values: ["1"]}, {header: x-b, values: ["2"]}]}]');

const on = (kind: string, name: string, rules: string) =>
  resource(
    'AuthorizationPolicy',
    name,
    `{targetRef: {kind: ${kind}, name: ${kind === 'Workload' ? 'vault' : 'shop'}}, action: DENY, rules: ${rules}}`,
  );

const get = (path: string, headers: readonly (readonly [string, string])[] = []): Request => ({ path, headers });

export const authorization: Section = {
  name: 'authorization',
  cases: [
    decides('without a policy everybody may', '', [
      { expect: OK },
      { request: { method: 'DELETE', path: '/x' }, expect: OK },
    ]),
    decides('principal: the one that is named', FRONT_ONLY, [{ expect: OK }]),
    decides(
      'principal: another one of the namespace',
      FRONT_ONLY,
      [{ expect: denied('front') }],
      as('shop', 'reviews'),
    ),
    decides(
      'principal: the same name in another namespace',
      FRONT_ONLY,
      [{ expect: denied('front') }],
      as('other', 'front'),
    ),
    decides('principal: one that only begins so', FRONT_ONLY, [{ expect: denied('front') }], as('shop', 'front-2')),
    decides('principal: by prefix', PREFIXED, [{ expect: OK }], as('shop', 'anything')),
    decides('principal: by prefix, another namespace', PREFIXED, [{ expect: denied('prefixed') }], VISITOR),
    decides(
      'principal: by prefix, a namespace that begins so',
      PREFIXED,
      [{ expect: denied('prefixed') }],
      as('shop-2', 'front'),
    ),
    decides('principal: any, with a certificate', ANYBODY, [{ expect: OK }], VISITOR),
    decides('principal: any, in plaintext', ANYBODY + PERMISSIVE, [{ expect: denied('any') }], PLAINTEXT),
    decides(
      'principal: one that is named, in plaintext',
      FRONT_ONLY + PERMISSIVE,
      [{ expect: denied('front') }],
      PLAINTEXT,
    ),
    decides('namespace: of the caller', OF_SHOP, [{ expect: OK }]),
    decides('namespace: another one', OF_SHOP, [{ expect: denied('shop') }], VISITOR),
    decides('namespace: one that only begins so', OF_SHOP, [{ expect: denied('shop') }], as('shop-2', 'front')),
    decides('namespace: none in plaintext', OF_SHOP + PERMISSIVE, [{ expect: denied('shop') }], PLAINTEXT),
    decides('method: those that are named', READERS, [{ expect: OK }, { request: { method: 'HEAD' }, expect: OK }]),
    decides('method: others', READERS, [
      { request: { method: 'POST' }, expect: denied('readers') },
      { request: { method: 'OPTIONS' }, expect: denied('readers') },
    ]),
    decides('path: by prefix', NO_SECRETS, [
      { request: get('/secret'), expect: denied('secrets') },
      { request: get('/secret/a'), expect: denied('secrets') },
      { request: get('/secrets'), expect: denied('secrets') },
      { request: get('/open/secret'), expect: OK },
      { request: get('/Secret'), expect: OK },
    ]),
    decides('path: the query is no part of it', NO_SECRETS, [
      { request: get('/secret?x=1'), expect: denied('secrets') },
      { request: get('/open?next=/secret'), expect: OK },
    ]),
    decides('path: dot segments do not pass a DENY', NO_SECRETS, [
      { request: get('/open/../secret/a'), expect: denied('secrets') },
      { request: get('/./secret'), expect: denied('secrets') },
    ]),
    decides('path: repeated slashes do not pass a DENY', NO_SECRETS, [
      { request: get('//secret'), expect: denied('secrets') },
    ]),
    decides('path: escapes do not pass a DENY', NO_SECRETS, [{ request: get('/%73ecret'), expect: denied('secrets') }]),
    decides('path: prefix, suffix and exact in an ALLOW', PUBLIC, [
      { request: get('/public/a'), expect: OK },
      { request: get('/img/a.png'), expect: OK },
      { request: get('/index'), expect: OK },
      { request: get('/index/'), expect: denied('public') },
      { request: get('/private'), expect: denied('public') },
    ]),
    decides('path: dot segments do not win an ALLOW', PUBLIC, [
      { request: get('/public/../private'), expect: denied('public') },
    ]),
    decides('host: exact, with and without port', BY_HOST, [
      { request: { host: 'vault.shop.mesh' }, expect: OK },
      { request: { host: 'vault.shop.mesh:80' }, expect: OK },
      { request: { host: 'Vault.Shop.Mesh' }, expect: OK },
      { request: { host: 'vault.shop' }, expect: denied('host') },
    ]),
    decides('host: by suffix', BY_HOST_SUFFIX, [
      { request: { host: 'vault.shop.mesh' }, expect: OK },
      { request: { host: 'vault.shop.mesh:80' }, expect: OK },
      { request: { host: 'vault.shop' }, expect: denied('host') },
    ]),
    decides('port: of the workload, not of the service', BY_PORT, [
      { request: { host: 'vault:81' }, expect: denied('port') },
      { request: { host: 'vault' }, expect: OK },
    ]),
    decides('port: no rule for the port of the service', policy('port', 'DENY', '[{to: {ports: [81]}}]'), [
      { request: { host: 'vault:81' }, expect: { ...OK, backend: 'vault:8081' } },
    ]),
    decides('address: in the block', BY_ADDRESS, [{ expect: OK }]),
    decides('address: not in the blocks', BY_OTHER_ADDRESS, [{ expect: OK }]),
    decides(
      'address: a block without a length is one address',
      policy('one', 'DENY', '[{from: {ipBlocks: [127.0.0.1]}}]'),
      [{ expect: denied('one') }],
    ),
    decides('header: exact value', NO_ADMIN, [
      { request: get('/', [['x-role', 'admin']]), expect: denied('admin') },
      { request: get('/', [['X-Role', 'admin']]), expect: denied('admin') },
      { request: get('/', [['x-role', 'administrator']]), expect: OK },
      { expect: OK },
    ]),
    decides('header: a repeated one does not pass a DENY', NO_ADMIN, [
      {
        request: get('/', [
          ['x-role', 'user'],
          ['x-role', 'admin'],
        ]),
        expect: denied('admin'),
      },
    ]),
    {
      ...decides(
        'header: a repeated one does not win an ALLOW',
        policy('user', 'ALLOW', '[{when: [{header: x-role, values: [admin]}]}]'),
        [
          {
            request: get('/', [
              ['x-role', 'user'],
              ['x-role', 'admin'],
            ]),
            expect: denied('user'),
          },
        ],
      ),
      leftOut: { envoy: 'Envoy matches each field of a repeated header by itself (docs/envoy-differences.md)' },
    },
    decides('header: present', HEADER_PRESENT, [
      { request: get('/', [['x-token', 't']]), expect: OK },
      { expect: denied('present') },
    ]),
    decides('header: by prefix and by suffix', HEADER_PREFIX, [
      { request: get('/', [['x-token', 'abcd']]), expect: OK },
      { request: get('/', [['x-token', 'uvwxyz']]), expect: OK },
      { request: get('/', [['x-token', 'zabc']]), expect: denied('prefix') },
    ]),
    decides('header: all that are named are needed', TWO_HEADERS, [
      {
        request: get('/', [
          ['x-a', '1'],
          ['x-b', '2'],
        ]),
        expect: OK,
      },
      { request: get('/', [['x-a', '1']]), expect: denied('two') },
    ]),
    decides('all parts of a rule must hold', BOTH_PARTS, [
      { expect: OK },
      { request: { method: 'POST' }, expect: denied('both') },
    ]),
    decides('all parts of a rule must hold: the caller does not', BOTH_PARTS, [{ expect: denied('both') }], VISITOR),
    decides('any rule of a policy suffices', TWO_RULES, [
      { expect: OK },
      { request: { method: 'POST' }, expect: denied('rules') },
    ]),
    decides(
      'any rule of a policy suffices: the other one',
      TWO_RULES,
      [{ request: { method: 'POST' }, expect: OK }],
      VISITOR,
    ),
    decides('any ALLOW policy suffices', FRONT_ONLY + READERS, [
      { expect: OK },
      { request: { method: 'POST' }, expect: OK },
    ]),
    decides(
      'any ALLOW policy suffices: neither does',
      FRONT_ONLY + READERS,
      [{ request: { method: 'POST' }, expect: denied('front') }],
      VISITOR,
    ),
    decides('an ALLOW without rules allows nobody', NOBODY, [{ expect: denied('nobody') }]),
    decides('an ALLOW with an empty rule allows everybody', policy('all', 'ALLOW', '[{}]'), [{ expect: OK }], VISITOR),
    decides('a DENY without rules denies nobody', DENIES_NOTHING, [{ expect: OK }]),
    decides('a DENY with an empty rule denies everybody', DENIES_ALL, [{ expect: denied('all') }]),
    decides('DENY before ALLOW', FRONT_ONLY + NO_SECRETS, [
      { request: get('/secret'), expect: denied('secrets') },
      { request: get('/open'), expect: OK },
    ]),
    decides('DENY before ALLOW, whatever their order', NO_SECRETS + policy('later', 'ALLOW', '[{}]'), [
      { request: get('/secret'), expect: denied('secrets') },
    ]),
    decides('a policy of the namespace', on('Namespace', 'all', '[{to: {paths: [/x]}}]'), [
      { request: get('/x'), expect: denied('all') },
      { request: get('/y'), expect: OK },
    ]),
    decides('a policy of the workload', on('Workload', 'own', '[{to: {paths: [/x]}}]'), [
      { request: get('/x'), expect: denied('own') },
      { request: get('/y'), expect: OK },
    ]),
    decides(
      'a policy of the mesh',
      resource(
        'AuthorizationPolicy',
        'mesh',
        '{targetRef: {kind: Mesh, name: mesh}, action: DENY, rules: [{to: {paths: [/x]}}]}',
        'malha-system',
      ),
      [{ request: get('/x'), expect: { status: 403, backend: null, deniedBy: 'malha-system/mesh' } }],
    ),
    decides(
      'a policy of another service is not asked',
      resource(
        'AuthorizationPolicy',
        'ratings',
        '{targetRef: {kind: Service, name: ratings}, action: DENY, rules: [{}]}',
      ),
      [{ expect: OK }],
    ),
    decides(
      'Shadow: a DENY is noted, not done',
      policy('trial', 'DENY', '[{to: {paths: ["/secret*"]}}]', 'mode: Shadow, '),
      [
        { request: get('/secret'), expect: { ...OK, shadowDeniedBy: 'shop/trial' } },
        { request: get('/open'), expect: { ...OK, shadowDeniedBy: '' } },
      ],
    ),
    decides(
      'Shadow: an ALLOW that does not match is noted, not done',
      policy('trial', 'ALLOW', '[{to: {methods: [GET]}}]', 'mode: Shadow, '),
      [
        { request: { method: 'POST' }, expect: { ...OK, shadowDeniedBy: 'shop/trial' } },
        { expect: { ...OK, shadowDeniedBy: '' } },
      ],
    ),
    decides(
      'Shadow: an ALLOW does not open what another closes',
      FRONT_ONLY + policy('trial', 'ALLOW', '[{}]', 'mode: Shadow, '),
      [{ expect: denied('front') }],
      VISITOR,
    ),
    decides('AUDIT never denies', policy('audit', 'AUDIT', '[{}]'), [{ expect: OK }]),
    decides(
      'rules see the request after the rewrite of the caller',
      NO_SECRETS +
        route(
          'vault',
          '[{matches: [{path: {value: /alias}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /secret}}}], backendRefs: [{name: vault, port: 80}]}]',
          { parent: 'vault' },
        ),
      [{ request: get('/alias/a'), expect: denied('secrets') }],
    ),
    decides('the answer does not name the policy', DENIES_ALL, [
      { expect: { status: 403, headers: { 'x-policy': null, server: null } } },
    ]),
  ],
};
