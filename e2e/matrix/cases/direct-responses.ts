// Answers that a route gives by itself: DirectResponse behind the filter ExtensionRef.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';
import { edgeRoute, gateway, OUTSIDE, visit } from '../src/edge.ts';

const direct = (name: string, spec: string) => resource('DirectResponse', name, spec);
const filter = (name: string) =>
  `{type: ExtensionRef, extensionRef: {group: malha.dev, kind: DirectResponse, name: ${name}}}`;
const CLOSED = direct(
  'closed',
  '{status: 503, body: "closed until noon", headers: [{name: Retry-After, value: "60"}]}',
);
const PAGE = direct('page', '{status: 200, body: "<p>ä €</p>", headers: [{name: content-type, value: text/html}]}');

/** Requests to `/own` get the response, all others a backend. */
function own(name: string, response: string, expected: Exchange, more = ''): MatrixCase {
  const rules = `[{matches: [{path: {value: /own}}], filters: [${filter(name)}${more}]}, {${to('v1')}}]`;
  return {
    name: `direct response: ${expected.expect.status ?? 200}, ${response}`,
    resources: route('r', rules) + CLOSED + PAGE + EMPTY + TEMPLATE,
    exchanges: [expected, ask('/other', 'reviews-v1')],
  };
}

const EMPTY = direct('empty', '{status: 204}');
const TEMPLATE = direct(
  'template',
  '{status: 418, body: "100% %REQ(host)%", headers: [{name: x-mark, value: "50% %PATH%"}]}',
);
const INVALID = `[{filters: [${filter('nobody')}], ${to('v1')}}]`;

export const directResponses: Section = {
  name: 'direct responses',
  cases: [
    own(
      'closed',
      'with its headers and as text',
      ask('/own/x?y', 503, {
        expect: {
          body: 'closed until noon',
          headers: { 'retry-after': '60', 'content-type': 'text/plain; charset=utf-8' },
        },
      }),
    ),
    own(
      'page',
      'with the type that it names',
      ask('/own', 200, { expect: { body: '<p>ä €</p>', headers: { 'content-type': 'text/html' } } }),
    ),
    own('empty', 'without a body', ask('/own', 204, { expect: { body: '' } })),
    own(
      'template',
      'a percent sign is a percent sign',
      ask('/own', 418, { expect: { body: '100% %REQ(host)%', headers: { 'x-mark': '50% %PATH%' } } }),
    ),
    {
      ...own(
        'closed',
        'the response headers of the rule come on top',
        ask('/own', 503, { expect: { headers: { 'retry-after': null, 'content-type': 'text/x', 'x-more': 'a' } } }),
        ', {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: Content-Type, value: text/x}], add: [{name: x-more, value: a}], remove: [Retry-After]}}',
      ),
    },
    {
      name: 'direct response: to a request with a body',
      resources: route('r', `[{filters: [${filter('closed')}]}]`) + CLOSED,
      exchanges: [ask('/', 503, { method: 'POST', body: 'some text', expect: { body: 'closed until noon' } })],
    },
    {
      name: 'direct response: to HEAD without the body, with its length',
      resources: route('r', `[{filters: [${filter('closed')}]}]`) + CLOSED,
      exchanges: [ask('/', 503, { method: 'HEAD', expect: { body: '', headers: { 'content-length': '17' } } })],
      leftOut: { engine: 'what belongs to the text of a message is for the codecs; the engine has none' },
    },
    {
      name: 'direct response: over HTTP/2 as over HTTP/1.1',
      resources: route('r', `[{filters: [${filter('closed')}]}]`) + CLOSED,
      exchanges: [ask('/', 503, { protocol: 'h2', expect: { body: 'closed until noon' } })],
    },
    {
      name: 'direct response: backends of its rule get nothing',
      resources: route('r', `[{filters: [${filter('closed')}], backendRefs: [${ref('v1')}]}]`) + CLOSED,
      exchanges: [ask('/', 503)],
    },
    {
      name: 'direct response: one that does not exist is 500, never the backend (Gateway API: filters are not skipped)',
      resources: route('r', INVALID),
      exchanges: [ask('/', 500)],
    },
    {
      name: 'direct response: one of another namespace does not exist for the route',
      resources: route('r', INVALID) + resource('DirectResponse', 'nobody', '{status: 200}', 'other'),
      exchanges: [ask('/', 500)],
    },
    {
      name: 'direct response: to a call of a GRPCRoute, as its status',
      resources:
        route('r', `[{filters: [${filter('closed')}]}]`, { parent: 'ledger' }).replace('HTTPRoute', 'GRPCRoute') +
        CLOSED,
      exchanges: [
        {
          request: { host: 'ledger', protocol: 'grpc', path: '/bank.Ledger/Get' },
          expect: { backend: null, grpcStatus: 14 },
        },
      ],
    },
    {
      name: 'direct response: of a gateway to clients outside',
      resources: gateway('hostname: a.example') + edgeRoute('r', `[{filters: [${filter('page')}]}]`) + PAGE,
      caller: OUTSIDE,
      exchanges: [{ ...visit('a.example/', 200), expect: { status: 200, backend: null, body: '<p>ä €</p>' } }],
    },
  ],
};
