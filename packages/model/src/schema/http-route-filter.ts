// HTTPRoute filters: every type of the Gateway API (experimental channel), whether enforced yet or not.
import { z } from 'zod';
import { httpMethod } from './http-route-match.ts';
import { dnsLabel, dnsSubdomain, headerName, isSubdomain, portNumber } from './scalars.ts';

const HEADER_VALUE = /^[!-~]+([\t ]?[!-~]+)*$/;
const PATH_PREFIX = /^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+$/;

export const preciseHostname = z.string().min(1).refine(isSubdomain, 'must be a host name without "*"');

export const headerValue = z
  .string()
  .min(1)
  .max(4096)
  .regex(HEADER_VALUE, 'must be printable ASCII, words separated by one space or tab');

const header = z.strictObject({ name: headerName, value: headerValue });

const headerFilter = z
  .strictObject({
    set: z.array(header).max(16).optional(),
    add: z.array(header).max(16).optional(),
    remove: z.array(headerName).max(16).optional(),
  })
  .superRefine((filter, context) => {
    const seen = new Set<string>();
    const check = (name: string, path: (string | number)[]): void => {
      const key = name.toLowerCase();
      if (seen.has(key)) {
        context.addIssue({ code: 'custom', path, message: `repeats header "${key}": one action for each header` });
      }
      seen.add(key);
    };
    filter.set?.forEach((item, index) => void check(item.name, ['set', index, 'name']));
    filter.add?.forEach((item, index) => void check(item.name, ['add', index, 'name']));
    filter.remove?.forEach((name, index) => void check(name, ['remove', index]));
  });

/** Reference to a Service (default) or, with `group: malha.dev`, to a ServiceVersion. */
export const backendObjectReference = z.strictObject({
  group: z.string().max(253).optional(),
  kind: z.string().min(1).max(63).optional(),
  name: dnsSubdomain,
  namespace: dnsLabel.optional(),
  port: portNumber.optional(),
});

export type BackendObjectReference = z.infer<typeof backendObjectReference>;

const pathModifier = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ReplaceFullPath'), replaceFullPath: z.string().max(1024) }),
  z.strictObject({ type: z.literal('ReplacePrefixMatch'), replacePrefixMatch: z.string().max(1024) }),
]);
export type PathModifier = z.infer<typeof pathModifier>;

const mirror = z
  .strictObject({
    backendRef: backendObjectReference,
    percent: z.int().min(0).max(100).optional(),
    fraction: z
      .strictObject({ numerator: z.int().min(0), denominator: z.int().min(1).optional() })
      .refine((value) => value.numerator <= (value.denominator ?? 100), {
        message: 'must have a numerator of at most its denominator',
      })
      .optional(),
  })
  .refine((value) => value.percent === undefined || value.fraction === undefined, {
    message: 'must have only one of percent and fraction',
  });

const redirect = z.strictObject({
  scheme: z.enum(['http', 'https']).optional(),
  hostname: preciseHostname.optional(),
  path: pathModifier.optional(),
  port: portNumber.optional(),
  statusCode: z.union([z.literal(301), z.literal(302), z.literal(303), z.literal(307), z.literal(308)]).optional(),
});

const urlRewrite = z.strictObject({ hostname: preciseHostname.optional(), path: pathModifier.optional() });

function onlyStar(values: readonly string[]): boolean {
  return !values.includes('*') || values.length === 1;
}
const STAR_ALONE = 'must not have "*" beside other values';

const cors = z.strictObject({
  allowOrigins: z
    .array(z.string().regex(/^(\*|https?:\/\/[^\s/?#]+)$/, 'must be "*" or scheme://host[:port]'))
    .max(64)
    .refine(onlyStar, STAR_ALONE)
    .optional(),
  allowCredentials: z.boolean().optional(),
  allowMethods: z
    .array(z.union([httpMethod, z.literal('*')]))
    .max(9)
    .refine(onlyStar, STAR_ALONE)
    .optional(),
  allowHeaders: z.array(headerName).max(64).refine(onlyStar, STAR_ALONE).optional(),
  exposeHeaders: z.array(headerName).max(64).optional(),
  maxAge: z.int().min(1).max(2_147_483_647).optional(),
});

const allowedHeaders = z.array(z.string()).max(64).optional();

const externalAuth = z
  .strictObject({
    protocol: z.enum(['HTTP', 'GRPC']),
    backendRef: backendObjectReference,
    grpc: z.strictObject({ allowedHeaders }).optional(),
    http: z
      .strictObject({
        path: z.string().max(1024).regex(PATH_PREFIX, 'has a character that a path may not have').optional(),
        allowedHeaders,
        allowedResponseHeaders: allowedHeaders,
      })
      .optional(),
    forwardBody: z.strictObject({ maxSize: z.int().min(0).optional() }).optional(),
  })
  .refine((value) => (value.protocol === 'GRPC' ? value.grpc : value.http) !== undefined, {
    message: 'must have the settings of its protocol (grpc or http)',
  })
  .refine((value) => (value.protocol === 'GRPC' ? value.http : value.grpc) === undefined, {
    message: 'must not have the settings of the other protocol',
  });

const extensionRef = z.strictObject({
  group: z.string().max(253),
  kind: z.string().min(1).max(63),
  name: dnsSubdomain,
});

export const httpRouteFilter = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('RequestHeaderModifier'), requestHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('ResponseHeaderModifier'), responseHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('RequestMirror'), requestMirror: mirror }),
  z.strictObject({ type: z.literal('RequestRedirect'), requestRedirect: redirect }),
  z.strictObject({ type: z.literal('URLRewrite'), urlRewrite }),
  z.strictObject({ type: z.literal('CORS'), cors }),
  z.strictObject({ type: z.literal('ExternalAuth'), externalAuth }),
  z.strictObject({ type: z.literal('ExtensionRef'), extensionRef }),
]);
export type HttpRouteFilter = z.infer<typeof httpRouteFilter>;
export type HeaderFilter = z.infer<typeof headerFilter>;
export type RequestRedirect = z.infer<typeof redirect>;
export type UrlRewrite = z.infer<typeof urlRewrite>;

/** The filters that a GRPCRoute may have. */
export const grpcRouteFilter = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('RequestHeaderModifier'), requestHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('ResponseHeaderModifier'), responseHeaderModifier: headerFilter }),
  z.strictObject({ type: z.literal('RequestMirror'), requestMirror: mirror }),
  z.strictObject({ type: z.literal('ExtensionRef'), extensionRef }),
]);
export type GrpcRouteFilter = z.infer<typeof grpcRouteFilter>;
