// The mesh's vocabulary: resource kinds, parsing and validation, names, identities, defaults, findings, capabilities.

export * from './capabilities.ts';
export * from './catalogue.ts';
export * from './defaults.ts';
export * from './duration.ts';
export * from './finding.ts';
export * from './identity.ts';
export * from './names.ts';
export * from './parse.ts';
export * from './resource.ts';
export type * from './schema/authorization-policy.ts';
export type * from './schema/gateway.ts';
export type * from './schema/http-route.ts';
export type * from './schema/http-route-filter.ts';
export type * from './schema/http-route-match.ts';
export * from './schema/metadata.ts';
export type * from './schema/namespace.ts';
export type * from './schema/parent-ref.ts';
export type * from './schema/peer-authentication.ts';
export type * from './schema/reference-grant.ts';
export type * from './schema/route-policy.ts';
export type * from './schema/service.ts';
export type * from './schema/tcp-route.ts';
export type * from './schema/tls-route.ts';
export type * from './schema/traffic-policy.ts';
export type * from './schema/workload.ts';
export * from './to-yaml.ts';
export * from './validate.ts';
