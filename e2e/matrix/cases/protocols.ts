// HTTP/2 and gRPC: the same routes, headers and policies whatever version the client and the backend speak.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { Section } from '../src/case.ts';

const LEDGER = { host: 'ledger', protocol: 'grpc' } as const;
const GRPC_STATUS = (code: string) => ({ headers: { 'grpc-status': code } });
const EDITED = route(
  'edited',
  `[{matches: [{path: {value: /old}}],
     filters: [
       {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: a}], remove: [x-gone]}},
       {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-out, value: b}], remove: [x-drop]}},
       {type: URLRewrite, urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}],
     ${to('v1')}}]`,
);
const METHODS = route(
  'ledger',
  `[{matches: [{path: {type: Exact, value: /bank.Ledger/Post}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: post}]}}], backendRefs: [{name: ledger, port: 80}]},
    {matches: [{path: {value: /bank.Ledger}}], backendRefs: [{name: ledger, port: 80}]}]`,
  { parent: 'ledger' },
);
const HEADERS = route(
  'ledger',
  `[{matches: [{headers: [{name: x-tenant, value: blue}]}], backendRefs: [{name: ledger, port: 80}]}]`,
  {
    parent: 'ledger',
  },
);
const READERS = resource(
  'AuthorizationPolicy',
  'readers',
  '{targetRef: {kind: Service, name: vault}, action: ALLOW, rules: [{to: {methods: [GET]}}]}',
);
const NO_ENDPOINT = resource(
  'Service',
  'ledger',
  '{selector: {app: nobody}, ports: [{port: 80, targetPort: 8080, appProtocol: grpc}]}',
);

export const protocols: Section = {
  name: 'HTTP/2 and gRPC',
  cases: [
    {
      name: 'h2 client: a route to a backend of HTTP/1.1',
      resources: route('h2', `[{matches: [{path: {value: /a}, method: PUT}], ${to('v1')}}, {${to('v2')}}]`),
      exchanges: [
        ask('/a?b=c', 'reviews-v1', {
          protocol: 'h2',
          method: 'PUT',
          body: 'text',
          expect: { saw: { method: 'PUT', path: '/a?b=c', host: 'reviews', body: 'text' } },
        }),
        ask('/a', 'reviews-v2', { protocol: 'h2' }),
      ],
    },
    {
      name: 'h2 client: headers, host and path are changed as over HTTP/1.1',
      resources: EDITED,
      exchanges: [
        ask('/old/x', 'reviews-v1', {
          protocol: 'h2',
          headers: [['x-gone', '1']],
          expect: {
            saw: { path: '/new/x', host: 'inner.example', headers: { 'x-set': 'a', 'x-gone': null } },
            headers: { 'x-out': 'b', 'x-drop': null, 'x-base': 'backend' },
          },
        }),
      ],
    },
    {
      name: 'h2 client: a redirect',
      resources: route(
        'r',
        '[{filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: new.example}}]}]',
      ),
      exchanges: [ask('/a', 302, { protocol: 'h2', expect: { headers: { location: 'https://new.example/a' } } })],
    },
    {
      name: 'h2 client: what nobody serves',
      resources: route('some', `[{matches: [{path: {type: Exact, value: /some}}], ${to('v1')}}]`),
      exchanges: [ask('/other', 404, { protocol: 'h2' }), ask('/', 404, { protocol: 'h2', host: 'nobody' })],
    },
    {
      name: 'h2 client: a retry',
      resources: route('plain', `[{${to('v1')}}]`),
      exchanges: [ask('/', 'reviews-v1', { protocol: 'h2', answers: [503, 200], expect: { attempts: 2 } })],
    },
    {
      name: 'h2 client: through both proxies, with their policies',
      resources: READERS,
      exchanges: [
        ask('/', 'vault', { protocol: 'h2', host: 'vault' }),
        ask('/', 403, { protocol: 'h2', host: 'vault', method: 'POST' }),
      ],
    },
    {
      name: 'HTTP/1.1 client: a backend of HTTP/2',
      exchanges: [
        ask('/x?y=z', 'ledger', {
          host: 'ledger',
          method: 'POST',
          body: 'text',
          expect: { saw: { method: 'POST', path: '/x?y=z', host: 'ledger', body: 'text' } },
        }),
      ],
    },
    {
      name: 'gRPC: a call and its status',
      exchanges: [
        ask('/bank.Ledger/Get', 'ledger', {
          ...LEDGER,
          expect: { grpcStatus: 0, saw: { path: '/bank.Ledger/Get', method: 'POST' } },
        }),
      ],
    },
    {
      name: 'gRPC: a status that is no success comes as it is, once',
      exchanges: ['5', '7', '13'].map((code) =>
        ask('/bank.Ledger/Get', 'ledger', {
          ...LEDGER,
          answers: [GRPC_STATUS(code)],
          expect: { grpcStatus: Number(code), attempts: 1 },
        }),
      ),
    },
    {
      name: 'gRPC: methods by exact path before the service by prefix',
      resources: METHODS,
      exchanges: [
        ask('/bank.Ledger/Post', 'ledger', {
          ...LEDGER,
          expect: { grpcStatus: 0, saw: { headers: { 'x-rule': 'post' } } },
        }),
        ask('/bank.Ledger/Get', 'ledger', {
          ...LEDGER,
          expect: { grpcStatus: 0, saw: { headers: { 'x-rule': null } } },
        }),
      ],
    },
    {
      name: 'gRPC: metadata is matched as headers are',
      resources: HEADERS,
      exchanges: [
        ask('/bank.Ledger/Get', 'ledger', { ...LEDGER, headers: [['x-tenant', 'blue']], expect: { grpcStatus: 0 } }),
      ],
    },
    {
      name: 'gRPC: metadata reaches the backend',
      exchanges: [
        ask('/bank.Ledger/Get', 'ledger', {
          ...LEDGER,
          headers: [
            ['x-one', '1'],
            ['x-two-bin', 'AAE='],
          ],
          expect: { saw: { headers: { 'x-one': '1', 'x-two-bin': 'AAE=', te: 'trailers' } } },
        }),
      ],
      leftOut: { engine: 'what belongs to the text of a message is for the codecs; the engine has none' },
    },
    {
      name: 'gRPC: a service that nobody has is UNIMPLEMENTED',
      exchanges: [
        {
          request: { ...LEDGER, host: 'nobody', path: '/a.B/C' },
          expect: { backend: null, grpcStatus: 12 },
        },
      ],
    },
    {
      name: 'gRPC: a service without endpoints is UNAVAILABLE',
      resources: NO_ENDPOINT,
      exchanges: [{ request: { ...LEDGER, path: '/a.B/C' }, expect: { backend: null, grpcStatus: 14 } }],
    },
    {
      name: 'gRPC: what is denied is PERMISSION_DENIED',
      resources: READERS,
      exchanges: [
        {
          request: { ...LEDGER, host: 'vault', path: '/a.B/C' },
          expect: { backend: null, grpcStatus: 7 },
        },
      ],
    },
  ],
};
