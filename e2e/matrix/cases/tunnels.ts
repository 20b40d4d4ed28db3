// WebSocket where one side or both speak HTTP/2 (RFC 8441): the same routes, changes and policies as over HTTP/1.1.
import { ask, resource, route, to } from '../src/authoring.ts';
import type { CaseRequest, Exchange, Expectation, MatrixCase, Section } from '../src/case.ts';

const WORDS = 'words through a tunnel';
const LEDGER = { host: 'ledger' } as const;

type Open = Partial<CaseRequest> & Pick<Exchange, 'answers'> & { readonly expect?: Expectation };

/** A handshake; a text stands for the backend that opens the tunnel, a number for the answer of a proxy. */
function open(path: string, answer: string | number, { expect, ...more }: Open = {}): Exchange {
  const opened = typeof answer === 'string' ? { status: 101, body: WORDS } : {};
  return ask(path, answer, { protocol: 'h2-websocket', body: WORDS, ...more, expect: { ...opened, ...expect } });
}

const ROUTED = route(
  'ws',
  `[{matches: [{path: {value: /old}}],
     filters: [
       {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-set, value: a}], remove: [x-gone]}},
       {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-out, value: b}], remove: [x-drop]}},
       {type: URLRewrite, urlRewrite: {hostname: inner.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}],
     ${to('v1')}},
    {matches: [{path: {value: /two}, headers: [{name: x-room, value: blue}]}], ${to('v2')}},
    {matches: [{path: {value: /away}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: new.example}}]}]`,
);
const READERS = resource(
  'AuthorizationPolicy',
  'readers',
  '{targetRef: {kind: Service, name: vault}, action: ALLOW, rules: [{to: {methods: [GET], paths: [/chat]}}]}',
);
const PLAIN = route('plain', `[{${to('v1')}}]`);

const cases: readonly MatrixCase[] = [
  {
    name: 'RFC 8441: a client of HTTP/2, an application of HTTP/1.1',
    resources: PLAIN,
    exchanges: [
      open('/chat?room=1', 'reviews-v1', {
        expect: { saw: { method: 'GET', path: '/chat?room=1', host: 'reviews' }, headers: { 'x-base': 'backend' } },
      }),
    ],
  },
  {
    name: 'RFC 8441: a client of HTTP/1.1, an application of HTTP/2',
    exchanges: [
      open('/chat', 'ledger', { ...LEDGER, protocol: 'websocket', expect: { saw: { path: '/chat', host: 'ledger' } } }),
    ],
    leftOut: { envoy: 'an application of HTTP/2 proves no key, and Envoy adds no proof for its client of HTTP/1.1' },
  },
  { name: 'RFC 8441: HTTP/2 on both sides', exchanges: [open('/chat', 'ledger', LEDGER)] },
  { name: 'RFC 8441: through both proxies', exchanges: [open('/chat', 'vault', { host: 'vault' })] },
  {
    name: 'RFC 8441: routes, headers, host and path are those of any request',
    resources: ROUTED,
    exchanges: [
      open('/old/chat', 'reviews-v1', {
        headers: [['x-gone', '1']],
        expect: {
          saw: { path: '/new/chat', host: 'inner.example', headers: { 'x-set': 'a', 'x-gone': null } },
          headers: { 'x-out': 'b', 'x-drop': null },
        },
      }),
      open('/two', 'reviews-v2', { headers: [['x-room', 'blue']] }),
      open('/two', 404),
      open('/away', 302, { expect: { headers: { location: 'http://new.example/away' } } }),
    ],
  },
  {
    name: 'RFC 8441: a handshake that the application refuses',
    resources: PLAIN,
    exchanges: [401, 403, 404].map((status) =>
      ask('/chat', 'reviews-v1', { protocol: 'h2-websocket', answers: [status], expect: { status, attempts: 1 } }),
    ),
  },
  {
    name: 'RFC 8441: an application that nobody has',
    exchanges: [open('/chat', 404, { host: 'nobody' })],
  },
  {
    name: 'RFC 8441: what a policy denies',
    resources: READERS,
    exchanges: [open('/chat', 'vault', { host: 'vault' }), open('/admin', 403, { host: 'vault' })],
  },
];

export const tunnels: Section = { name: 'WebSocket over HTTP/2', cases };
