// GRPCRoutes: the semantics of the Gateway API's conformance tests for them, and who wins beside an HTTPRoute.
import { ask, route } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';
import { gateway, OUTSIDE } from '../src/edge.ts';

/** Each rule tells the backend its name. */
function rule(name: string, match: string): string {
  const filter = `{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: ${name}}]}}`;
  const matches = match === '' ? '' : `matches: [${match}], `;
  return `{${matches}filters: [${filter}], backendRefs: [{name: ledger, port: 80}]}`;
}

function grpcRoute(name: string, ...rules: readonly string[]): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: ${name}, namespace: shop}
spec:
  parentRefs: [{group: "", kind: Service, name: ledger}]
  rules: [${rules.join(', ')}]
`;
}

type Headers = readonly (readonly [string, string])[];

function call(path: string, winner: string | null, headers: Headers = []) {
  const request = { host: 'ledger', protocol: 'grpc', headers } as const;
  if (winner === null) return { request: { ...request, path }, expect: { backend: null, grpcStatus: 12 } };
  return ask(path, 'ledger', { ...request, expect: { grpcStatus: 0, saw: { headers: { 'x-rule': winner } } } });
}

const SERVICE = '{method: {service: bank.Ledger}}';
const METHOD = '{method: {method: Get}}';
const BOTH = '{method: {service: bank.Ledger, method: Get}}';

const matching: readonly MatrixCase[] = [
  {
    name: 'GRPCRoute: service and method, as GRPCExactMethodMatching',
    resources: grpcRoute('g', rule('get', BOTH), rule('post', '{method: {service: bank.Ledger, method: Post}}')),
    exchanges: [
      call('/bank.Ledger/Get', 'get'),
      call('/bank.Ledger/Post', 'post'),
      call('/bank.Ledger/Put', null),
      call('/bank.Other/Get', null),
      call('/bank.Ledger/get', null),
      call('/bank.Ledger/GetAll', null),
    ],
  },
  {
    name: 'GRPCRoute: a service alone takes all of its methods, and no service whose name goes on',
    resources: grpcRoute('g', rule('all', SERVICE)),
    exchanges: [
      call('/bank.Ledger/Get', 'all'),
      call('/bank.Ledger/Post', 'all'),
      call('/bank.LedgerTwo/Get', null),
      call('/bank.Ledger.Inner/Get', null),
      call('/bank/Ledger', null),
    ],
  },
  {
    name: 'GRPCRoute: a method alone takes it of every service',
    resources: grpcRoute('g', rule('get', METHOD)),
    exchanges: [
      call('/bank.Ledger/Get', 'get'),
      call('/other.Service/Get', 'get'),
      call('/bank.Ledger/GetAll', null),
      call('/bank.Ledger/Post', null),
    ],
  },
  {
    name: 'GRPCRoute: regular expressions match whole names',
    resources: grpcRoute(
      'g',
      rule('regex', '{method: {type: RegularExpression, service: "bank[.](A|B)", method: "Get.*|List"}}'),
    ),
    exchanges: [
      call('/bank.A/Get', 'regex'),
      call('/bank.B/GetAll', 'regex'),
      call('/bank.A/List', 'regex'),
      call('/bank.A/ListAll', null),
      call('/my.bank.A/Get', null),
      call('/bank.C/Get', null),
    ],
  },
  {
    name: 'GRPCRoute: a regular expression of the service alone takes all of its methods',
    resources: grpcRoute('g', rule('regex', '{method: {type: RegularExpression, service: "bank[.].+"}}')),
    exchanges: [call('/bank.A/Get', 'regex'), call('/bank.B/List', 'regex'), call('/other.A/Get', null)],
  },
  {
    name: 'GRPCRoute: a rule without matches takes every call',
    resources: grpcRoute('g', rule('any', '')),
    exchanges: [call('/bank.Ledger/Get', 'any'), call('/a.B/C', 'any')],
  },
  {
    name: 'GRPCRoute: headers, as GRPCRouteHeaderMatching',
    resources: grpcRoute(
      'g',
      rule('one', '{headers: [{name: version, value: one}]}'),
      rule('two', '{headers: [{name: version, value: two}]}'),
      rule('orange', '{headers: [{name: version, value: two}, {name: color, value: orange}]}'),
      rule('blue', '{headers: [{name: color, value: blue}]}, {headers: [{name: color, value: green}]}'),
      rule('shade', '{headers: [{name: shade, type: RegularExpression, value: "dark-.+"}]}'),
    ),
    exchanges: [
      call('/a.B/C', 'one', [['version', 'one']]),
      call('/a.B/C', 'two', [['Version', 'two']]),
      call('/a.B/C', 'orange', [
        ['version', 'two'],
        ['color', 'orange'],
      ]),
      call('/a.B/C', 'blue', [['color', 'blue']]),
      call('/a.B/C', 'blue', [['color', 'green']]),
      call('/a.B/C', 'shade', [['shade', 'dark-red']]),
      call('/a.B/C', null, [['color', 'orange']]),
      call('/a.B/C', null, [['version', 'three']]),
      call('/a.B/C', null),
    ],
  },
];

const precedence: readonly MatrixCase[] = [
  {
    name: 'GRPCRoute: the longer service goes first, then the longer method, wherever the rules stand',
    resources: grpcRoute('g', rule('any', ''), rule('method', METHOD), rule('service', SERVICE), rule('both', BOTH)),
    exchanges: [
      call('/bank.Ledger/Get', 'both'),
      call('/bank.Ledger/Post', 'service'),
      call('/other.Service/Get', 'method'),
      call('/other.Service/Post', 'any'),
    ],
  },
  {
    name: 'GRPCRoute: more headers go first among equal methods, and a method before any headers',
    resources: grpcRoute(
      'g',
      rule('headers', '{headers: [{name: a, value: "1"}, {name: b, value: "1"}]}'),
      rule('method', BOTH),
      rule('methodHeader', '{method: {service: bank.Ledger, method: Get}, headers: [{name: a, value: "1"}]}'),
    ),
    exchanges: [
      call('/bank.Ledger/Get', 'methodHeader', [
        ['a', '1'],
        ['b', '1'],
      ]),
      call('/bank.Ledger/Get', 'method', [['b', '1']]),
      call('/bank.Ledger/Post', 'headers', [
        ['a', '1'],
        ['b', '1'],
      ]),
    ],
  },
  {
    name: 'GRPCRoute: the older route, then the first rule',
    resources:
      grpcRoute('z-older', rule('first', SERVICE), rule('second', SERVICE)) +
      grpcRoute('a-younger', rule('younger', SERVICE)),
    exchanges: [call('/bank.Ledger/Get', 'first')],
  },
  {
    name: 'GRPCRoute: of one port it counts before an older HTTPRoute',
    resources:
      route('older', `[${rule('http', '{path: {type: Exact, value: /bank.Ledger/Get}}')}, ${rule('rest', '')}]`, {
        parent: 'ledger',
      }) + grpcRoute('g', rule('grpc', SERVICE)),
    exchanges: [call('/bank.Ledger/Get', 'grpc'), call('/other.Service/Get', null)],
  },
];

/** A rule whose backends tell which of them a call was meant for. */
function split(...weights: readonly number[]): string {
  const backends = weights.map((weight, index) => {
    const filter = `{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: backend-${index}}]}}`;
    return `{name: ledger, port: 80, weight: ${weight}, filters: [${filter}]}`;
  });
  return `{backendRefs: [${backends.join(', ')}]}`;
}

const CHANGING = `{filters: [
      {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: new}], add: [{name: x-add, value: two}], remove: [x-gone]}},
      {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-out, value: "1"}], remove: [x-drop]}}],
      backendRefs: [{name: ledger, port: 80}]}`;

const WEIGHTED = `{backendRefs: [{name: ledger, port: 80, weight: 0}, {name: ledger, port: 80, weight: 1, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: weighted}]}}]}]}`;

const acting: readonly MatrixCase[] = [
  {
    name: 'GRPCRoute: a backend of weight 0 gets no call, and the other one its own headers',
    resources: grpcRoute('g', WEIGHTED),
    exchanges: [call('/bank.Ledger/Get', 'weighted'), call('/a.B/C', 'weighted')],
  },
  {
    name: 'GRPCRoute: a status of the backend comes as it is',
    resources: grpcRoute('g', rule('any', SERVICE)),
    exchanges: ['5', '16'].map((code) =>
      ask('/bank.Ledger/Get', 'ledger', {
        host: 'ledger',
        protocol: 'grpc',
        answers: [{ headers: { 'grpc-status': code } }],
        expect: { grpcStatus: Number(code), attempts: 1 },
      }),
    ),
  },
];

const filters: readonly MatrixCase[] = [
  {
    name: 'GRPCRoute: request headers, as GRPCRouteRequestHeaderModifier, and those of the response',
    resources: grpcRoute('g', CHANGING),
    exchanges: [
      ask('/bank.Ledger/Get', 'ledger', {
        host: 'ledger',
        protocol: 'grpc',
        headers: [
          ['x-set', 'old'],
          ['x-add', 'one'],
          ['x-gone', '1'],
          ['x-kept', '1'],
        ],
        expect: {
          grpcStatus: 0,
          saw: { headers: { 'x-set': 'new', 'x-add': 'one, two', 'x-gone': null, 'x-kept': '1' } },
          headers: { 'x-out': '1', 'x-drop': null, 'x-base': 'backend' },
        },
      }),
    ],
  },
  {
    name: 'GRPCRoute: all weights zero is an error of the server',
    resources: grpcRoute('g', split(0, 0)),
    exchanges: [
      { request: { host: 'ledger', path: '/a.B/C', protocol: 'grpc' }, expect: { backend: null, grpcStatus: 2 } },
    ],
  },
  {
    name: 'GRPCRoute: a backend that does not exist is an error of the server',
    resources: grpcRoute('g', '{backendRefs: [{name: nobody, port: 80}]}'),
    exchanges: [
      { request: { host: 'ledger', path: '/a.B/C', protocol: 'grpc' }, expect: { backend: null, grpcStatus: 2 } },
    ],
  },
  {
    name: 'GRPCRoute: weights, as GRPCRouteWeight',
    resources: grpcRoute(
      'g',
      '{backendRefs: [{name: ledger, port: 80, weight: 3}, {name: nobody, port: 80, weight: 1}]}',
    ),
    exchanges: [
      {
        request: { host: 'ledger', path: '/a.B/C', protocol: 'grpc' },
        expect: { share: { ledger: 3, 'grpc 2': 1 } },
        times: 200,
      },
    ],
  },
];

function edgeGrpcRoute(name: string, listener: string, hostnames = ''): string {
  const own = hostnames === '' ? '' : `\n  hostnames: [${hostnames}]`;
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: ${name}, namespace: shop}
spec:
  parentRefs: [{name: edge, sectionName: ${listener}}]${own}
  rules: [${rule(name, '')}]
`;
}

const edge = (host: string, winner: string | null) => {
  const request = { host, path: '/a.B/C', protocol: 'grpc' } as const;
  if (winner === null) return { request, expect: { backend: null, grpcStatus: 12 } };
  return { request, expect: { backend: 'ledger', grpcStatus: 0, saw: { headers: { 'x-rule': winner } } } };
};

const atTheEdge: readonly MatrixCase[] = [
  {
    name: 'GRPCRoute: hostnames of route and listener, what they have in common',
    caller: OUTSIDE,
    resources:
      gateway('hostname: "*.example.com"') +
      edgeGrpcRoute('own', 'a', 'grpc.example.com, other.org') +
      edgeGrpcRoute('wild', 'a', '"*.deep.example.com"'),
    exchanges: [
      edge('grpc.example.com', 'own'),
      edge('a.deep.example.com', 'wild'),
      edge('other.org', null),
      edge('www.example.com', null),
    ],
  },
];

export const grpcRoutes: Section = {
  name: 'GRPCRoute',
  cases: [...matching, ...precedence, ...acting, ...filters, ...atTheEdge],
};
