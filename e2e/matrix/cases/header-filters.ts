// Changes of request and response headers, by rule and by backend.
import { ask, ref, resource, route, to } from '../src/authoring.ts';
import type { Exchange, MatrixCase, Section } from '../src/case.ts';

type Fields = Readonly<Record<string, string | null>>;
type Sent = readonly (readonly [string, string])[];

const requestFilter = (change: string) =>
  `filters: [{type: RequestHeaderModifier, requestHeaderModifier: {${change}}}]`;
const responseFilter = (change: string) =>
  `filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {${change}}}]`;

const onRequest = (name: string, change: string, sent: Sent, headers: Fields): MatrixCase => ({
  name: `request headers: ${name}`,
  resources: route('change', `[{${requestFilter(change)}, ${to('v1')}}]`),
  exchanges: [ask('/', 'reviews-v1', { headers: sent, expect: { saw: { headers } } })],
});

const onResponse = (name: string, change: string, headers: Fields): MatrixCase => ({
  name: `response headers: ${name}`,
  resources: route('change', `[{${responseFilter(change)}, ${to('v1')}}]`),
  exchanges: [ask('/', 'reviews-v1', { expect: { headers } })],
});

/** To the application that has a proxy of its own: two of them on the way. */
const forwards = (method: string, left: number, expect: Exchange['expect']): Exchange => ({
  request: { host: 'vault', path: '/', method, headers: [['Max-Forwards', String(left)]] },
  expect,
});

const BOTH_BACKENDS = route(
  'backends',
  `[{backendRefs: [
      ${ref('v1', `weight: 1, ${requestFilter('set: [{name: x-version, value: one}]')}`)},
      ${ref('v2', `weight: 0, ${requestFilter('set: [{name: x-version, value: two}]')}`)}]}]`,
);

export const headerFilters: Section = {
  name: 'header filters',
  cases: [
    onRequest('set one that is absent', 'set: [{name: x-new, value: a}]', [], { 'x-new': 'a' }),
    onRequest('set replaces', 'set: [{name: x-old, value: b}]', [['x-old', 'a']], { 'x-old': 'b' }),
    onRequest(
      'set replaces all of several',
      'set: [{name: x-old, value: c}]',
      [
        ['x-old', 'a'],
        ['x-old', 'b'],
      ],
      { 'x-old': 'c' },
    ),
    onRequest('set whatever the case of the name', 'set: [{name: X-Old, value: b}]', [['x-OLD', 'a']], {
      'x-old': 'b',
    }),
    onRequest('add one that is absent', 'add: [{name: x-new, value: a}]', [], { 'x-new': 'a' }),
    onRequest('add keeps what is there', 'add: [{name: x-old, value: b}]', [['x-old', 'a']], { 'x-old': 'a, b' }),
    onRequest('remove', 'remove: [x-old]', [['x-old', 'a']], { 'x-old': null }),
    onRequest('remove whatever the case of the name', 'remove: [X-OLD]', [['x-old', 'a']], { 'x-old': null }),
    onRequest('remove one that is absent', 'remove: [x-none]', [['x-old', 'a']], { 'x-old': 'a' }),
    onRequest(
      'remove all of several',
      'remove: [x-old]',
      [
        ['x-old', 'a'],
        ['x-other', 'o'],
        ['x-old', 'b'],
      ],
      { 'x-old': null, 'x-other': 'o' },
    ),
    onRequest(
      'set, add and remove together',
      'set: [{name: x-set, value: s}], add: [{name: x-add, value: b}], remove: [x-gone]',
      [
        ['x-set', 'old'],
        ['x-add', 'a'],
        ['x-gone', 'g'],
        ['x-kept', 'k'],
      ],
      { 'x-set': 's', 'x-add': 'a, b', 'x-gone': null, 'x-kept': 'k' },
    ),
    onRequest(
      'several of each',
      'set: [{name: x-1, value: a}, {name: x-2, value: b}], add: [{name: x-3, value: c}, {name: x-4, value: d}], remove: [x-5, x-6]',
      [
        ['x-5', 'e'],
        ['x-6', 'f'],
      ],
      { 'x-1': 'a', 'x-2': 'b', 'x-3': 'c', 'x-4': 'd', 'x-5': null, 'x-6': null },
    ),
    onRequest('a percent sign is a character', 'set: [{name: x-load, value: "100%"}]', [], { 'x-load': '100%' }),
    onRequest('what another proxy takes for a variable is text', 'set: [{name: x-text, value: "%REQ(host)% %%"}]', [], {
      'x-text': '%REQ(host)% %%',
    }),
    onRequest('a value with blanks and marks', `set: [{name: x-text, value: 'a "b" {c}; d=1'}]`, [], {
      'x-text': 'a "b" {c}; d=1',
    }),
    onRequest('what is not named stays', 'set: [{name: x-new, value: a}]', [['Accept', 'text/html']], {
      accept: 'text/html',
    }),
    onResponse('set one that is absent', 'set: [{name: x-new, value: a}]', { 'x-new': 'a', 'x-base': 'backend' }),
    onResponse('set replaces', 'set: [{name: X-Base, value: proxy}]', { 'x-base': 'proxy' }),
    onResponse('add keeps what is there', 'add: [{name: x-base, value: proxy}]', { 'x-base': 'backend, proxy' }),
    onResponse('add one that is absent', 'add: [{name: x-new, value: a}]', { 'x-new': 'a' }),
    onResponse('remove', 'remove: [X-Drop]', { 'x-drop': null, 'x-base': 'backend' }),
    onResponse(
      'set, add and remove together',
      'set: [{name: x-set, value: s}], add: [{name: x-base, value: more}], remove: [x-drop]',
      { 'x-set': 's', 'x-base': 'backend, more', 'x-drop': null },
    ),
    onResponse('a percent sign is a character', 'set: [{name: x-load, value: "50% of %PROTOCOL%"}]', {
      'x-load': '50% of %PROTOCOL%',
    }),
    {
      name: 'response headers: also on an error of the backend',
      resources: route('change', `[{${responseFilter('set: [{name: x-new, value: a}]')}, ${to('v1')}}]`),
      exchanges: [
        ask('/', 'reviews-v1', { method: 'POST', answers: [500], expect: { status: 500, headers: { 'x-new': 'a' } } }),
      ],
    },
    {
      name: 'response headers: on a redirect too',
      resources: route(
        'change',
        `[{filters: [{type: RequestRedirect, requestRedirect: {hostname: other.example}}, {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-new, value: a}]}}]}]`,
      ),
      exchanges: [ask('/', 302, { expect: { headers: { 'x-new': 'a', location: 'http://other.example/' } } })],
    },
    {
      name: 'request and response headers of one rule',
      resources: route(
        'change',
        `[{filters: [
            {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-in, value: a}]}},
            {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-out, value: b}]}}], ${to('v1')}}]`,
      ),
      exchanges: [
        ask('/', 'reviews-v1', {
          expect: { saw: { headers: { 'x-in': 'a', 'x-out': null } }, headers: { 'x-out': 'b', 'x-in': null } },
        }),
      ],
    },
    {
      name: 'headers are matched before they are changed',
      resources: route(
        'change',
        `[{matches: [{headers: [{name: x-a, value: new}]}], ${to('v2')}}, {${requestFilter('set: [{name: x-a, value: new}]')}, ${to('v1')}}]`,
      ),
      exchanges: [
        ask('/', 'reviews-v1', { headers: [['x-a', 'old']], expect: { saw: { headers: { 'x-a': 'new' } } } }),
      ],
    },
    {
      name: 'headers of one rule do not reach another',
      resources: route(
        'change',
        `[{matches: [{path: {value: /a}}], ${requestFilter('set: [{name: x-a, value: "1"}]')}, ${to('v1')}}, {matches: [{path: {value: /b}}], ${to('v1')}}]`,
      ),
      exchanges: [
        ask('/a', 'reviews-v1', { expect: { saw: { headers: { 'x-a': '1' } } } }),
        ask('/b', 'reviews-v1', { expect: { saw: { headers: { 'x-a': null } } } }),
      ],
    },
    {
      name: 'backend: request headers of the chosen one only',
      resources: BOTH_BACKENDS,
      exchanges: [
        ask('/', 'reviews-v1', {
          headers: [['x-version', 'none']],
          expect: { saw: { headers: { 'x-version': 'one' } } },
        }),
      ],
    },
    {
      name: 'backend: request headers after those of the rule',
      resources: route(
        'backend',
        `[{${requestFilter('set: [{name: x-a, value: rule}], add: [{name: x-b, value: rule}], remove: [x-c]')},
           backendRefs: [${ref('v1', requestFilter('set: [{name: x-a, value: backend}], add: [{name: x-b, value: backend}, {name: x-c, value: backend}]'))}]}]`,
      ),
      exchanges: [
        ask('/', 'reviews-v1', {
          headers: [['x-c', 'client']],
          expect: { saw: { headers: { 'x-a': 'backend', 'x-b': 'rule, backend', 'x-c': 'backend' } } },
        }),
      ],
    },
    {
      name: 'backend: response headers',
      resources: route(
        'backend',
        `[{backendRefs: [${ref('v1', responseFilter('set: [{name: x-new, value: a}], add: [{name: x-base, value: b}], remove: [x-drop]'))}]}]`,
      ),
      exchanges: [
        ask('/', 'reviews-v1', { expect: { headers: { 'x-new': 'a', 'x-base': 'backend, b', 'x-drop': null } } }),
      ],
    },
    {
      name: 'backend: its response headers win over those of the rule',
      resources: route(
        'backend',
        `[{${responseFilter('set: [{name: x-a, value: rule}]')}, backendRefs: [${ref('v1', responseFilter('set: [{name: x-a, value: backend}]'))}]}]`,
      ),
      exchanges: [ask('/', 'reviews-v1', { expect: { headers: { 'x-a': 'backend' } } })],
    },
    {
      name: 'headers reach an application behind its proxy',
      resources: route(
        'vault',
        `[{${requestFilter('set: [{name: x-new, value: a}]')}, backendRefs: [{name: vault, port: 80}]}]`,
        { parent: 'vault' },
      ),
      exchanges: [ask('/', 'vault', { host: 'vault', expect: { saw: { headers: { 'x-new': 'a' } } } })],
    },
    {
      name: 'Max-Forwards: counted down by each proxy, and answered by the one that gets 0',
      resources: resource('Namespace', 'shop', '{owner: shop}'),
      exchanges: [
        forwards('OPTIONS', 2, { status: 200, backend: 'vault', saw: { headers: { 'max-forwards': '0' } } }),
        forwards('OPTIONS', 1, { status: 200, backend: null }),
        forwards('TRACE', 1, { status: 405, backend: null }),
        forwards('OPTIONS', 0, { status: 200, backend: null }),
        forwards('GET', 0, { status: 200, backend: 'vault', saw: { headers: { 'max-forwards': '0' } } }),
      ],
      leftOut: {
        engine: 'what belongs to the text of a message is for the codecs; the engine has none',
        envoy: 'Envoy passes Max-Forwards on as it came (docs/envoy-differences.md)',
      },
    },
    {
      name: 'hop-by-hop headers stay with the connection',
      resources: resource('Namespace', 'shop', '{owner: shop}'),
      exchanges: [
        ask('/', 'ratings', {
          host: 'ratings',
          headers: [
            ['Connection', 'keep-alive, x-mine'],
            ['x-mine', '1'],
            ['x-kept', '2'],
          ],
          expect: { saw: { headers: { 'x-mine': null, 'x-kept': '2' } } },
        }),
      ],
      leftOut: { engine: 'what belongs to the text of a message is for the codecs; the engine has none' },
    },
  ],
};
