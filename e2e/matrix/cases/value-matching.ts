// Matches by method, header and query parameter.
import { ask, route, to } from '../src/authoring.ts';
import type { CaseRequest, MatrixCase, Section } from '../src/case.ts';

const rule = (match: string, version = 'v1') => `{matches: [${match}], ${to(version)}}`;

const METHOD = route('method', `[${rule('{method: POST}')}, ${rule('{method: GET}', 'v2')}]`);
const HEADER = route('header', `[${rule('{headers: [{name: X-Tenant, value: blue}]}')}]`);
const HEADER_REGEX = route(
  'regex',
  `[${rule('{headers: [{name: x-tenant, type: RegularExpression, value: "b[a-z]+"}]}')}]`,
);
const TWO_HEADERS = route('both', `[${rule('{headers: [{name: x-a, value: "1"}, {name: x-b, value: "2"}]}')}]`);
const SAME_HEADER = route('same', `[${rule('{headers: [{name: x-a, value: "1"}, {name: X-A, value: "2"}]}')}]`);
const AGENT = route(
  'agent',
  `[${rule('{headers: [{name: user-agent, type: RegularExpression, value: ".*Firefox.*"}]}')}]`,
);
const QUERY = route('query', `[${rule('{queryParams: [{name: kind, value: a}]}')}]`);
const QUERY_REGEX = route('regex', `[${rule('{queryParams: [{name: kind, type: RegularExpression, value: "a+"}]}')}]`);
const TWO_QUERIES = route('both', `[${rule('{queryParams: [{name: a, value: "1"}, {name: b, value: "2"}]}')}]`);
const ALL = route(
  'all',
  `[${rule('{path: {type: PathPrefix, value: /x}, method: PUT, headers: [{name: x-a, value: "1"}], queryParams: [{name: q, value: "1"}]}')}]`,
);
const ANY = route(
  'any',
  `[{matches: [{headers: [{name: x-a, value: "1"}]}, {queryParams: [{name: a, value: "1"}]}], ${to('v1')}}]`,
);

type Fields = NonNullable<CaseRequest['headers']>;

const withHeaders = (name: string, resources: string, headers: Fields, answer: string | number): MatrixCase => ({
  name,
  resources,
  exchanges: [ask('/', answer, { headers })],
});

const onPath = (name: string, resources: string, path: string, answer: string | number): MatrixCase => ({
  name,
  resources,
  exchanges: [ask(path, answer)],
});

const HIT = 'reviews-v1';
const MISS = 404;

export const valueMatching: Section = {
  name: 'method, header and query matching',
  cases: [
    { name: 'method: the one that is named', resources: METHOD, exchanges: [ask('/', HIT, { method: 'POST' })] },
    { name: 'method: another rule has the other', resources: METHOD, exchanges: [ask('/', 'reviews-v2')] },
    { name: 'method: HEAD is not GET', resources: METHOD, exchanges: [ask('/', MISS, { method: 'HEAD' })] },
    { name: 'method: one without a rule', resources: METHOD, exchanges: [ask('/', MISS, { method: 'DELETE' })] },
    withHeaders('header: exact value', HEADER, [['x-tenant', 'blue']], HIT),
    withHeaders('header: another value', HEADER, [['x-tenant', 'blue-green']], MISS),
    withHeaders('header: absent', HEADER, [], MISS),
    withHeaders('header: case of the value matters', HEADER, [['x-tenant', 'Blue']], MISS),
    withHeaders('header: case of the name does not matter', HEADER, [['X-TENANT', 'blue']], HIT),
    {
      ...withHeaders('header: blanks around the value do not count', HEADER, [['x-tenant', '  blue ']], HIT),
      leftOut: { engine: 'what belongs to the text of a message is for the codecs; the engine has none' },
    },
    withHeaders('header: an empty value is not a value', HEADER, [['x-tenant', '']], MISS),
    {
      ...withHeaders(
        'header: repeated fields are one list, which is no exact value',
        HEADER,
        [
          ['x-tenant', 'blue'],
          ['x-tenant', 'red'],
        ],
        MISS,
      ),
      leftOut: { envoy: 'Envoy matches each field of a repeated header by itself (docs/envoy-differences.md)' },
    },
    withHeaders('header regex: matches the whole value', HEADER_REGEX, [['x-tenant', 'black']], HIT),
    withHeaders('header regex: not a part of it', HEADER_REGEX, [['x-tenant', 'a black']], MISS),
    withHeaders('header regex: absent', HEADER_REGEX, [], MISS),
    withHeaders('header regex: a part, when it says so', AGENT, [['User-Agent', 'Mozilla/5.0 Firefox/140.0']], HIT),
    withHeaders('header regex: another client', AGENT, [['User-Agent', 'curl/8']], MISS),
    withHeaders(
      'two headers: both are needed',
      TWO_HEADERS,
      [
        ['x-b', '2'],
        ['x-a', '1'],
      ],
      HIT,
    ),
    withHeaders('two headers: one does not suffice', TWO_HEADERS, [['x-a', '1']], MISS),
    withHeaders('a header named twice in a match: the first counts', SAME_HEADER, [['x-a', '1']], HIT),
    withHeaders('a header named twice in a match: the second does not', SAME_HEADER, [['x-a', '2']], MISS),
    onPath('query: exact value', QUERY, '/?kind=a', HIT),
    onPath('query: among others', QUERY, '/?x=1&kind=a&y=2', HIT),
    onPath('query: another value', QUERY, '/?kind=ab', MISS),
    onPath('query: absent', QUERY, '/?x=a', MISS),
    onPath('query: no query at all', QUERY, '/kind=a', MISS),
    onPath('query: case of the name matters', QUERY, '/?Kind=a', MISS),
    onPath('query: case of the value matters', QUERY, '/?kind=A', MISS),
    onPath('query: of repeated ones the first counts', QUERY, '/?kind=a&kind=b', HIT),
    onPath('query: of repeated ones the second does not', QUERY, '/?kind=b&kind=a', MISS),
    onPath('query: an empty value is not a value', QUERY, '/?kind=', MISS),
    onPath('query: a name without a value', QUERY, '/?kind', MISS),
    onPath('query: a longer name is another name', QUERY, '/?mankind=a', MISS),
    {
      ...onPath('query: an escaped value is decoded', QUERY, '/?kind=%61', HIT),
      leftOut: { envoy: 'Envoy matches query parameters as they were sent (docs/envoy-differences.md)' },
    },
    onPath('query regex: matches the whole value', QUERY_REGEX, '/?kind=aaa', HIT),
    onPath('query regex: not a part of it', QUERY_REGEX, '/?kind=aab', MISS),
    onPath('two query parameters: in any order', TWO_QUERIES, '/?b=2&a=1', HIT),
    onPath('two query parameters: one does not suffice', TWO_QUERIES, '/?a=1', MISS),
    {
      name: 'all parts of a match must hold: they do',
      resources: ALL,
      exchanges: [ask('/x/y?q=1', HIT, { method: 'PUT', headers: [['x-a', '1']] })],
    },
    {
      name: 'all parts of a match must hold: one that does not makes it fail',
      resources: ALL,
      exchanges: [
        ask('/y?q=1', MISS, { method: 'PUT', headers: [['x-a', '1']] }),
        ask('/x?q=1', MISS, { method: 'GET', headers: [['x-a', '1']] }),
        ask('/x?q=1', MISS, { method: 'PUT', headers: [['x-a', '2']] }),
        ask('/x?q=2', MISS, { method: 'PUT', headers: [['x-a', '1']] }),
      ],
    },
    {
      name: 'any match of a rule suffices',
      resources: ANY,
      exchanges: [ask('/', HIT, { headers: [['x-a', '1']] }), ask('/?a=1', HIT), ask('/', MISS)],
    },
  ],
};
