// Rewrites of host and path on the way to the backend.
import { ask, route, to } from '../src/authoring.ts';
import type { MatrixCase, Section, SeenExpectation } from '../src/case.ts';

const rewrite = (fields: string, match = '') =>
  route('rewrite', `[{${match}filters: [{type: URLRewrite, urlRewrite: {${fields}}}], ${to('v1')}}]`);
const under = (prefix: string) => `matches: [{path: {type: PathPrefix, value: ${prefix}}}], `;
const replacePrefix = (value: string) => `path: {type: ReplacePrefixMatch, replacePrefixMatch: "${value}"}`;
const replaceFull = (value: string) => `path: {type: ReplaceFullPath, replaceFullPath: "${value}"}`;

const sees = (name: string, resources: string, path: string, saw: SeenExpectation): MatrixCase => ({
  name: `rewrite: ${name}`,
  resources,
  exchanges: [ask(path, 'reviews-v1', { expect: { saw } })],
});

const HOST = rewrite('hostname: inner.example');
const FULL = rewrite(replaceFull('/one'));
const PREFIX = rewrite(replacePrefix('/new'), under('/old'));
const TO_ROOT = rewrite(replacePrefix('/'), under('/old'));
const TO_EMPTY = rewrite(replacePrefix(''), under('/old'));
const FROM_ROOT = rewrite(replacePrefix('/new'), under('/'));
const SLASHES = rewrite(replacePrefix('/new/'), under('/old/'));
const ONLY_NEW_SLASH = rewrite(replacePrefix('/new/'), under('/old'));
const MARKS = rewrite(replacePrefix('/n'), under('/a.b(c)'));

export const rewrites: Section = {
  name: 'rewrites',
  cases: [
    sees('another host', HOST, '/a?b=c', { host: 'inner.example', path: '/a?b=c' }),
    sees('another path', FULL, '/a/b', { path: '/one', host: 'reviews' }),
    sees('another path, the query stays', FULL, '/a/b?c=d&e', { path: '/one?c=d&e' }),
    sees('another path with marks that mean something elsewhere', rewrite(replaceFull('/a\\\\1$2&b')), '/x', {
      path: '/a\\1$2&b',
    }),
    sees('prefix: the rest of the path stays', PREFIX, '/old/a/b', { path: '/new/a/b' }),
    sees('prefix: nothing after it', PREFIX, '/old', { path: '/new' }),
    sees('prefix: a slash after it', PREFIX, '/old/', { path: '/new/' }),
    sees('prefix: the query stays', PREFIX, '/old/a?b=/old', { path: '/new/a?b=/old' }),
    sees('prefix: a query right after it', PREFIX, '/old?b=c', { path: '/new?b=c' }),
    sees('prefix: only its first occurrence', PREFIX, '/old/old/x', { path: '/new/old/x' }),
    sees('prefix: a double slash after it stays', PREFIX, '/old//x', { path: '/new//x' }),
    sees('prefix: escapes of the rest stay', PREFIX, '/old/%2F%20x', { path: '/new/%2F%20x' }),
    sees('prefix to the root: no double slash', TO_ROOT, '/old/a', { path: '/a' }),
    sees('prefix to the root: nothing after it', TO_ROOT, '/old', { path: '/' }),
    sees('prefix to the root: a slash after it', TO_ROOT, '/old/', { path: '/' }),
    sees('prefix to the root: the query stays', TO_ROOT, '/old?x=1', { path: '/?x=1' }),
    sees('prefix to nothing is prefix to the root', TO_EMPTY, '/old/a', { path: '/a' }),
    sees('prefix to nothing: nothing after it', TO_EMPTY, '/old', { path: '/' }),
    sees('root to a prefix', FROM_ROOT, '/a/b', { path: '/new/a/b' }),
    sees('root to a prefix: the root itself', FROM_ROOT, '/', { path: '/new/' }),
    sees('prefix: slashes on both sides of the seam', SLASHES, '/old/a', { path: '/new/a' }),
    sees('prefix: slashes on both sides, nothing after it', SLASHES, '/old', { path: '/new' }),
    sees('prefix: a slash on the new side only', ONLY_NEW_SLASH, '/old/a', { path: '/new/a' }),
    sees('prefix: a slash on the new side only, nothing after it', ONLY_NEW_SLASH, '/old', { path: '/new' }),
    sees('prefix: marks in it are characters', MARKS, '/a.b(c)/d', { path: '/n/d' }),
    sees(
      'host and path at once',
      rewrite(`hostname: inner.example, ${replacePrefix('/new')}`, under('/old')),
      '/old/a',
      {
        host: 'inner.example',
        path: '/new/a',
      },
    ),
    {
      name: 'rewrite: not the requests of another rule',
      resources: route(
        'rewrite',
        `[{${under('/old')}filters: [{type: URLRewrite, urlRewrite: {${replacePrefix('/new')}}}], ${to('v1')}}, {${to('v2')}}]`,
      ),
      exchanges: [ask('/older/a', 'reviews-v2', { expect: { saw: { path: '/older/a' } } })],
    },
    {
      name: 'rewrite: the match sees the path as it was sent',
      resources: route(
        'rewrite',
        `[{${under('/old')}filters: [{type: URLRewrite, urlRewrite: {${replacePrefix('/new')}}}], ${to('v1')}}, {${under('/new')}${to('v2')}}]`,
      ),
      exchanges: [ask('/old/a', 'reviews-v1'), ask('/new/a', 'reviews-v2')],
    },
    {
      name: 'rewrite: together with header changes',
      resources: route(
        'rewrite',
        `[{${under('/old')}filters: [
            {type: URLRewrite, urlRewrite: {hostname: inner.example, ${replacePrefix('/')}}},
            {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: b}]}}], ${to('v1')}}]`,
      ),
      exchanges: [
        ask('/old/x', 'reviews-v1', {
          expect: { saw: { host: 'inner.example', path: '/x', headers: { 'x-a': 'b' } } },
        }),
      ],
    },
    {
      name: 'rewrite: the method and the body stay',
      resources: PREFIX,
      exchanges: [
        ask('/old/x', 'reviews-v1', {
          method: 'PUT',
          body: 'some text',
          expect: { saw: { method: 'PUT', path: '/new/x', body: 'some text' } },
        }),
      ],
    },
  ],
};
