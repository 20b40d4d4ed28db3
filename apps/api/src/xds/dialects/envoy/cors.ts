// CORS policies for Envoy: origins with stars become regular expressions, lists become the header's text.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { CorsPolicy } from '@malha/traffic';
import type { CorsPolicySchema } from '@malha/xds/generated/envoy/extensions/filters/http/cors/v3/cors_pb';

const DEFAULT_PORTS: readonly (readonly [scheme: string, port: number])[] = [
  ['https://', 443],
  ['http://', 80],
];

export function corsPolicy(policy: CorsPolicy): MessageInitShape<typeof CorsPolicySchema> {
  const { allowOrigins, allowMethods, allowHeaders, exposeHeaders, maxAgeSeconds, allowCredentials } = policy;
  return {
    allowOriginStringMatch: allowOrigins.map((origin) => ({
      matchPattern: { case: 'safeRegex' as const, value: { regex: originPattern(origin) } },
    })),
    allowMethods: allowMethods.length === 0 ? 'GET, HEAD, POST' : allowMethods.join(', '),
    allowHeaders: allowHeaders.join(', '),
    exposeHeaders: exposeHeaders.filter((name) => name !== '*' || !allowCredentials).join(', '),
    maxAge: String(maxAgeSeconds),
    allowCredentials,
    // A stranger's preflight is answered here, without a word on what is allowed.
    forwardNotMatchingPreflights: false,
  };
}

function originPattern(origin: string): string {
  if (origin === '*') return '.*';
  const text = origin
    .toLowerCase()
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  if (/:\d+$/.test(origin)) return `(?i)${text}`;
  const port = DEFAULT_PORTS.find(([scheme]) => origin.toLowerCase().startsWith(scheme))?.[1];
  return port === undefined ? `(?i)${text}` : `(?i)${text}(:${port})?`;
}
