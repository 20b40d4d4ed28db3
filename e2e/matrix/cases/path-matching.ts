// Which paths a match takes: exact, by prefix, by regular expression.
import { ask, route, to } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';

const EXACT = route('exact', `[{matches: [{path: {type: Exact, value: /shop/list}}], ${to('v1')}}]`);
const PREFIX = route('prefix', `[{matches: [{path: {type: PathPrefix, value: /shop/list}}], ${to('v1')}}]`);
const SLASH = route('slash', `[{matches: [{path: {type: PathPrefix, value: /shop/}}], ${to('v1')}}]`);
const EXACT_SLASH = route('exact', `[{matches: [{path: {type: Exact, value: /shop/}}], ${to('v1')}}]`);
const ESCAPED = route('escaped', `[{matches: [{path: {type: Exact, value: /a%20b}}], ${to('v1')}}]`);
const REGEX = route('regex', `[{matches: [{path: {type: RegularExpression, value: "/item/[0-9]+"}}], ${to('v1')}}]`);
const ALTERNATIVES = route('or', `[{matches: [{path: {type: RegularExpression, value: "/a|/b/.*"}}], ${to('v1')}}]`);
const ANYCASE = route('case', `[{matches: [{path: {type: RegularExpression, value: "(?i)/item/.*"}}], ${to('v1')}}]`);
const DOT = route('dot', `[{matches: [{path: {type: RegularExpression, value: "/v1.0/.*"}}], ${to('v1')}}]`);
const DEFAULT = route('default', `[{${to('v1')}}]`);
const EMPTY_MATCH = route('empty', `[{matches: [{method: GET}], ${to('v1')}}]`);
const TWO_MATCHES = route(
  'two',
  `[{matches: [{path: {type: Exact, value: /one}}, {path: {type: PathPrefix, value: /two}}], ${to('v1')}}]`,
);

const onPath = (name: string, resources: string, path: string, answer: string | number): MatrixCase => ({
  name,
  resources,
  exchanges: [ask(path, answer)],
});

const HIT = 'reviews-v1';
const MISS = 404;

export const pathMatching: Section = {
  name: 'path matching',
  cases: [
    onPath('exact path: the path itself', EXACT, '/shop/list', HIT),
    onPath('exact path: not a longer path', EXACT, '/shop/list/1', MISS),
    onPath('exact path: not a shorter path', EXACT, '/shop', MISS),
    onPath('exact path: a trailing slash makes another path', EXACT, '/shop/list/', MISS),
    onPath('exact path: with a trailing slash does not match without it', EXACT_SLASH, '/shop', MISS),
    onPath('exact path: with a trailing slash matches with it', EXACT_SLASH, '/shop/', HIT),
    onPath('exact path: the query is no part of it', EXACT, '/shop/list?page=2', HIT),
    onPath('exact path: an empty query is no part of it', EXACT, '/shop/list?', HIT),
    onPath('exact path: a question mark in the query changes nothing', EXACT, '/shop/list?a=?b', HIT),
    onPath('exact path: case matters', EXACT, '/Shop/List', MISS),
    onPath('exact path: repeated slashes are not merged', EXACT, '/shop//list', MISS),
    onPath('exact path: dot segments are not resolved', EXACT, '/shop/x/../list', MISS),
    onPath('exact path: escapes are not decoded', EXACT, '/shop/%6cist', MISS),
    onPath('exact path: an escaped slash is no slash', EXACT, '/shop%2flist', MISS),
    onPath('exact path: an escape in the match is the same escape in the path', ESCAPED, '/a%20b', HIT),
    onPath('exact path: an escape in the match is not its decoded form', ESCAPED, '/a+b', MISS),
    onPath('prefix: the prefix itself', PREFIX, '/shop/list', HIT),
    onPath('prefix: a path below it', PREFIX, '/shop/list/1/details', HIT),
    onPath('prefix: with a trailing slash', PREFIX, '/shop/list/', HIT),
    onPath('prefix: ends at the border of a segment', PREFIX, '/shop/listing', MISS),
    onPath('prefix: not a path above it', PREFIX, '/shop', MISS),
    onPath('prefix: the query is no part of it', PREFIX, '/shop/list?x=/y', HIT),
    onPath('prefix: a query does not complete it', PREFIX, '/shop?/list', MISS),
    onPath('prefix: case matters', PREFIX, '/SHOP/list', MISS),
    onPath('prefix: repeated slashes are not merged', PREFIX, '//shop/list', MISS),
    onPath('prefix: a double slash after it is below it', PREFIX, '/shop/list//a', HIT),
    onPath('prefix: dot segments are not resolved', PREFIX, '/shop/../shop/list', MISS),
    onPath('prefix: an escaped slash does not end a segment', PREFIX, '/shop/list%2Fa', MISS),
    onPath('prefix: a dot in the path is a character', PREFIX, '/shop/list.json', MISS),
    onPath('prefix: a trailing slash in the match does not count', SLASH, '/shop', HIT),
    onPath('prefix: with a trailing slash in the match takes paths below', SLASH, '/shop/list', HIT),
    onPath('prefix: with a trailing slash in the match ends at a segment', SLASH, '/shopping', MISS),
    onPath('regex: matches the whole path', REGEX, '/item/42', HIT),
    onPath('regex: not a part at the end', REGEX, '/item/42/x', MISS),
    onPath('regex: not a part at the begin', REGEX, '/x/item/42', MISS),
    onPath('regex: the query is no part of the path', REGEX, '/item/42?q=1', HIT),
    onPath('regex: case matters', REGEX, '/ITEM/42', MISS),
    onPath('regex: alternatives are anchored, first one', ALTERNATIVES, '/a', HIT),
    onPath('regex: alternatives are anchored, second one', ALTERNATIVES, '/b/c', HIT),
    onPath('regex: alternatives are anchored, no part', ALTERNATIVES, '/ab', MISS),
    onPath('regex: a flag makes case not matter', ANYCASE, '/Item/x', HIT),
    onPath('regex: a dot is any character', DOT, '/v1x0/a', HIT),
    onPath('a rule without matches takes every path', DEFAULT, '/anything/at/all', HIT),
    onPath('a rule without matches takes the root', DEFAULT, '/', HIT),
    onPath('a match without path takes every path', EMPTY_MATCH, '/anything', HIT),
    onPath('several matches of a rule: the first one', TWO_MATCHES, '/one', HIT),
    onPath('several matches of a rule: the second one', TWO_MATCHES, '/two/x', HIT),
    onPath('several matches of a rule: none of them', TWO_MATCHES, '/three', MISS),
    {
      name: 'the path arrives as it was sent',
      resources: DEFAULT,
      exchanges: ['/a//b', '/a/../b', '/a%2Fb', '/a/./b', '/a;v=1/b', '/a?x=1&y=%20', '/a?', '//'].map((path) =>
        ask(path, HIT, { expect: { saw: { path } } }),
      ),
    },
  ],
};
