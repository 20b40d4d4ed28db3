// Redirects: scheme, host, port, path and status.
import { ask, resource, route } from '../src/authoring.ts';
import type { MatrixCase, Section } from '../src/case.ts';

const redirect = (fields: string, match = '') =>
  route('redirect', `[{${match}filters: [{type: RequestRedirect, requestRedirect: {${fields}}}]}]`);

const goes = (
  name: string,
  resources: string,
  path: string,
  location: string,
  more: { readonly host?: string; readonly status?: number; readonly method?: string } = {},
): MatrixCase => {
  const { status = 302, ...request } = more;
  return {
    name: `redirect: ${name}`,
    resources,
    exchanges: [ask(path, status, { ...request, expect: { headers: { location } } })],
  };
};

const under = (prefix: string) => `matches: [{path: {type: PathPrefix, value: ${prefix}}}], `;
const replacePrefix = (value: string) => `path: {type: ReplacePrefixMatch, replacePrefixMatch: "${value}"}`;
const replaceFull = (value: string) => `path: {type: ReplaceFullPath, replaceFullPath: "${value}"}`;

const HOST = redirect('hostname: new.example');
const HTTPS = redirect('scheme: https');
const PORT = redirect('port: 8083');
const FULL = redirect(replaceFull('/new/place'));
const PREFIX = redirect(replacePrefix('/new'), under('/old'));
const PREFIX_TO_ROOT = redirect(replacePrefix('/'), under('/old'));
const ROOT_TO_PREFIX = redirect(replacePrefix('/new'), under('/'));
const PREFIX_SLASH = redirect(replacePrefix('/new/'), under('/old/'));

const UNUSUAL_PORT = resource(
  'Service',
  'reviews',
  '{selector: {app: reviews}, ports: [{port: 9080, targetPort: 8080}]}',
);

export const redirects: Section = {
  name: 'redirects',
  cases: [
    goes('to another host, path and query stay', HOST, '/a/b?c=d', 'http://new.example/a/b?c=d'),
    goes('to another host, the port of the request stays', HOST, '/a', 'http://new.example/a', { host: 'reviews:80' }),
    goes('to https', HTTPS, '/a', 'https://reviews/a'),
    goes('to https drops the port of the request', HTTPS, '/a', 'https://reviews/a', { host: 'reviews:80' }),
    goes('to https with a port', redirect('scheme: https, port: 8443'), '/a', 'https://reviews:8443/a'),
    goes('to https with its usual port', redirect('scheme: https, port: 443'), '/a', 'https://reviews/a'),
    goes(
      'to http with its usual port',
      redirect('scheme: http, port: 80, hostname: new.example'),
      '/a',
      'http://new.example/a',
    ),
    goes('to https with the usual port of http', redirect('scheme: https, port: 80'), '/a', 'https://reviews:80/a'),
    goes('to http with the usual port of https', redirect('scheme: http, port: 443'), '/a', 'http://reviews:443/a'),
    goes('to another port', PORT, '/a', 'http://reviews:8083/a'),
    goes('to another port replaces the one of the request', PORT, '/a', 'http://reviews:8083/a', {
      host: 'reviews:80',
    }),
    goes('to another host and port', redirect('hostname: new.example, port: 8080'), '/a', 'http://new.example:8080/a'),
    goes(
      'to scheme, host, port and path at once',
      redirect(`scheme: https, hostname: new.example, port: 9443, ${replaceFull('/x')}`),
      '/a?q=1',
      'https://new.example:9443/x?q=1',
    ),
    goes('to another path', FULL, '/a/b', 'http://reviews/new/place'),
    goes('to another path, the query stays', FULL, '/a/b?c=d', 'http://reviews/new/place?c=d'),
    goes('prefix: the rest of the path stays', PREFIX, '/old/a/b', 'http://reviews/new/a/b'),
    goes('prefix: nothing after it', PREFIX, '/old', 'http://reviews/new'),
    goes('prefix: a slash after it', PREFIX, '/old/', 'http://reviews/new/'),
    goes('prefix: the query stays', PREFIX, '/old/a?b=c', 'http://reviews/new/a?b=c'),
    goes('prefix to the root: no double slash', PREFIX_TO_ROOT, '/old/a', 'http://reviews/a'),
    goes('prefix to the root: nothing after it', PREFIX_TO_ROOT, '/old', 'http://reviews/'),
    goes('prefix to the root: the query stays', PREFIX_TO_ROOT, '/old?q=1', 'http://reviews/?q=1'),
    goes('root to a prefix', ROOT_TO_PREFIX, '/a', 'http://reviews/new/a'),
    goes('root to a prefix: the root itself', ROOT_TO_PREFIX, '/', 'http://reviews/new/'),
    goes('prefix: slashes at the seam are neither doubled nor lost', PREFIX_SLASH, '/old/a', 'http://reviews/new/a'),
    goes('status 301', redirect('hostname: n.example, statusCode: 301'), '/', 'http://n.example/', { status: 301 }),
    goes('status 303', redirect('hostname: n.example, statusCode: 303'), '/', 'http://n.example/', { status: 303 }),
    goes('status 307', redirect('hostname: n.example, statusCode: 307'), '/', 'http://n.example/', { status: 307 }),
    goes('status 308', redirect('hostname: n.example, statusCode: 308'), '/', 'http://n.example/', { status: 308 }),
    goes('of a POST', HOST, '/form', 'http://new.example/form', { method: 'POST' }),
    goes('by the matched rule only', redirect('hostname: new.example', under('/a')), '/a/1', 'http://new.example/a/1'),
    {
      name: 'redirect: not where no rule matches',
      resources: redirect('hostname: new.example', under('/a')),
      exchanges: [ask('/b', 404)],
    },
    {
      ...goes('to https drops an unusual port of the request', HTTPS + UNUSUAL_PORT, '/a', 'https://reviews/a', {
        host: 'reviews:9080',
      }),
      leftOut: { envoy: 'Envoy drops usual ports of a request only (docs/envoy-differences.md)' },
    },
  ],
};
