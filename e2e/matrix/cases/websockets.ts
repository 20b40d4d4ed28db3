// WebSocket: an upgrade is routed and changed as any request, then both directions are bytes; also from outside of the mesh.
import { resource, route, to } from '../src/authoring.ts';
import type { CaseRequest, Expectation, MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, OUTSIDE, outsideBy, secureGateway } from '../src/edge.ts';

const open = (host: string, more: Partial<CaseRequest> = {}): CaseRequest => ({
  host,
  path: '/chat',
  protocol: 'websocket',
  body: 'there and back',
  ...more,
});

const tunnel = (backend: string, more: Partial<Expectation> = {}): Expectation => ({
  status: 101,
  backend,
  body: 'there and back',
  ...more,
});

const VAULT_POLICY = (action: string) =>
  resource(
    'AuthorizationPolicy',
    'sockets',
    `{targetRef: {kind: Service, name: vault}, action: ${action}, rules: [{to: {paths: [/chat]}}]}`,
  );

const TO_V2 = `[{matches: [{path: {value: /chat}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-rule, value: chat}]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-answer, value: chat}]}}], ${to('v2')}}, {${to('v1')}}]`;
const WWW = 'hostname: www.example.com, tls: {certificateRefs: [{name: www}]}';

const cases: readonly MatrixCase[] = [
  {
    name: 'WebSocket: bytes pass in both directions after the upgrade',
    resources: route('all', `[{${to('v1')}}]`),
    exchanges: [{ request: open('reviews'), expect: tunnel('reviews-v1') }],
  },
  {
    name: 'WebSocket: an upgrade goes by the rules, which change its headers',
    resources: route('chat', TO_V2),
    exchanges: [
      {
        request: open('reviews'),
        expect: tunnel('reviews-v2', { saw: { headers: { 'x-rule': 'chat' } }, headers: { 'x-answer': 'chat' } }),
      },
      { request: open('reviews', { path: '/other' }), expect: tunnel('reviews-v1') },
    ],
  },
  {
    name: 'WebSocket: a path is rewritten',
    resources: route(
      'rewrite',
      `[{filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /room}}}], ${to('v1')}}]`,
    ),
    exchanges: [{ request: open('reviews'), expect: tunnel('reviews-v1', { saw: { path: '/room' } }) }],
  },
  {
    name: 'WebSocket: a redirect instead of an upgrade',
    resources: route(
      'redirect',
      '[{filters: [{type: RequestRedirect, requestRedirect: {hostname: chat.example.com, statusCode: 302}}]}]',
    ),
    exchanges: [{ request: open('reviews'), expect: { status: 302, backend: null } }],
  },
  {
    name: 'WebSocket: a backend that refuses is heard',
    resources: route('all', `[{${to('v1')}}]`),
    exchanges: [{ request: open('reviews'), answers: [426], expect: { status: 426, backend: 'reviews-v1' } }],
  },
  {
    name: 'WebSocket: through mutual TLS',
    exchanges: [{ request: open('vault'), expect: tunnel('vault') }],
  },
  {
    name: 'WebSocket: a policy allows the path of the upgrade',
    resources: VAULT_POLICY('ALLOW'),
    exchanges: [
      { request: open('vault'), expect: tunnel('vault') },
      { request: open('vault', { path: '/other' }), expect: { status: 403, backend: null } },
    ],
  },
  {
    name: 'WebSocket: a policy denies the path of the upgrade',
    resources: VAULT_POLICY('DENY'),
    exchanges: [
      { request: open('vault'), expect: { status: 403, backend: null } },
      { request: open('vault', { path: '/other' }), expect: tunnel('vault') },
    ],
  },
  {
    name: 'WebSocket: from outside, at a gateway',
    resources: gateway('') + edgeRoute('chat', `[{matches: [{path: {value: /chat}}], ${to('v1')}}]`),
    caller: OUTSIDE,
    exchanges: [
      { request: open('www.example.com'), expect: tunnel('reviews-v1') },
      { request: open('www.example.com', { path: '/other' }), expect: { status: 404, backend: null } },
    ],
  },
  {
    name: 'WebSocket: from outside, at a gateway by HTTPS',
    resources: secureGateway(WWW) + edgeRoute('chat', `[{${to('v2')}}]`),
    caller: outsideBy('www.example.com'),
    exchanges: [
      {
        request: open('www.example.com'),
        expect: tunnel('reviews-v2', { saw: { headers: { 'x-forwarded-proto': 'https' } } }),
      },
    ],
  },
  {
    name: 'WebSocket: from outside, at a gateway, through mutual TLS',
    resources: gateway('') + edgeRoute('chat', '[{backendRefs: [{name: vault, port: 80}]}]'),
    caller: OUTSIDE,
    exchanges: [{ request: open('www.example.com'), expect: tunnel('vault') }],
  },
];

export const webSockets: Section = { name: 'WebSocket', cases };
