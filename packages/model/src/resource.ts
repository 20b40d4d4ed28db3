// The union of all kinds, and how one resource is named.
import { z } from 'zod';
import { type AuthorizationPolicyResource, authorizationPolicySchema } from './schema/authorization-policy.ts';
import { type DirectResponseResource, directResponseSchema } from './schema/direct-response.ts';
import { type FaultInjectionResource, faultInjectionSchema } from './schema/fault-injection.ts';
import { type GatewayResource, gatewaySchema } from './schema/gateway.ts';
import { type GrpcRouteResource, grpcRouteSchema } from './schema/grpc-route.ts';
import { type HttpRouteResource, httpRouteSchema } from './schema/http-route.ts';
import { type NamespaceResource, namespaceSchema } from './schema/namespace.ts';
import { type PeerAuthenticationResource, peerAuthenticationSchema } from './schema/peer-authentication.ts';
import { type RateLimitResource, rateLimitSchema } from './schema/rate-limit.ts';
import { type ReferenceGrantResource, referenceGrantSchema } from './schema/reference-grant.ts';
import { type RoutePolicyResource, routePolicySchema } from './schema/route-policy.ts';
import { type ServiceResource, serviceSchema } from './schema/service.ts';
import { type TcpRouteResource, tcpRouteSchema } from './schema/tcp-route.ts';
import { type TlsRouteResource, tlsRouteSchema } from './schema/tls-route.ts';
import { type TrafficPolicyResource, trafficPolicySchema } from './schema/traffic-policy.ts';
import { type WorkloadResource, workloadSchema } from './schema/workload.ts';

export type Resource =
  | NamespaceResource
  | ServiceResource
  | WorkloadResource
  | GatewayResource
  | HttpRouteResource
  | GrpcRouteResource
  | TcpRouteResource
  | TlsRouteResource
  | ReferenceGrantResource
  | RoutePolicyResource
  | DirectResponseResource
  | TrafficPolicyResource
  | PeerAuthenticationResource
  | AuthorizationPolicyResource
  | RateLimitResource
  | FaultInjectionResource;

export type ResourceKind = Resource['kind'];
export type ResourceOf<K extends ResourceKind> = Extract<Resource, { kind: K }>;

/** `kind/namespace/name`; kinds of the whole mesh have an empty namespace: `Namespace//bookstore`. */
export type ResourceKey = `${string}/${string}/${string}`;

/** Schema of each kind, in the order in which documents list them. */
export const schemas = {
  Namespace: namespaceSchema,
  Service: serviceSchema,
  Workload: workloadSchema,
  Gateway: gatewaySchema,
  HTTPRoute: httpRouteSchema,
  GRPCRoute: grpcRouteSchema,
  TCPRoute: tcpRouteSchema,
  TLSRoute: tlsRouteSchema,
  ReferenceGrant: referenceGrantSchema,
  RoutePolicy: routePolicySchema,
  DirectResponse: directResponseSchema,
  TrafficPolicy: trafficPolicySchema,
  PeerAuthentication: peerAuthenticationSchema,
  AuthorizationPolicy: authorizationPolicySchema,
  RateLimit: rateLimitSchema,
  FaultInjection: faultInjectionSchema,
} as const satisfies Record<ResourceKind, z.ZodType>;

export const kinds = Object.keys(schemas) as readonly ResourceKind[];

/** Kinds that belong to no namespace. */
export const meshKinds: ReadonlySet<ResourceKind> = new Set<ResourceKind>(['Namespace']);

/** Namespace of a resource whose metadata names none. */
export const DEFAULT_NAMESPACE = 'default';

/** Namespace of the mesh's own objects; the only one whose policies may target `kind: Mesh`. */
export const MESH_NAMESPACE = 'malha-system';

export function isResourceKind(kind: string): kind is ResourceKind {
  return Object.hasOwn(schemas, kind);
}

/** The namespace a resource lives in; empty for kinds of the whole mesh. */
export function namespaceOf(resource: Resource): string {
  return resource.kind === 'Namespace' ? '' : (resource.metadata.namespace ?? DEFAULT_NAMESPACE);
}

export function keyOf(resource: Resource): ResourceKey {
  return `${resource.kind}/${namespaceOf(resource)}/${resource.metadata.name}`;
}

/** Takes a key apart; undefined when it is not one. */
export function parseKey(key: string): { kind: ResourceKind; namespace: string; name: string } | undefined {
  const [kind = '', namespace = '', name = '', ...rest] = key.split('/');
  if (rest.length > 0 || name === '' || !isResourceKind(kind)) return undefined;
  if (meshKinds.has(kind) !== (namespace === '')) return undefined;
  return { kind, namespace, name };
}

/** A ResourceKey as input of an API. */
export const resourceKeySchema = z.custom<ResourceKey>(
  (value) => typeof value === 'string' && parseKey(value) !== undefined,
  'must be kind/namespace/name',
);
