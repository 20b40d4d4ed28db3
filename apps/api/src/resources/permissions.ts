// Which role a change of a resource needs: traffic is the editor's, security the administrator's, each in its namespace.
import { parseKey, type ResourceKey, type ResourceKind } from '@malha/model';
import { type Principal, type Role, requireRole } from '../auth/principal.ts';

const ROLE_TO_WRITE: Readonly<Record<ResourceKind, Role>> = {
  Service: 'editor',
  Workload: 'editor',
  HTTPRoute: 'editor',
  GRPCRoute: 'editor',
  TCPRoute: 'editor',
  TLSRoute: 'editor',
  RoutePolicy: 'editor',
  DirectResponse: 'editor',
  TrafficPolicy: 'editor',
  RateLimit: 'editor',
  // It breaks things on purpose.
  FaultInjection: 'operator',
  // Isolation between tenants is part of a Namespace.
  Namespace: 'admin',
  // It opens ports to whoever is outside.
  Gateway: 'operator',
  ReferenceGrant: 'admin',
  PeerAuthentication: 'admin',
  AuthorizationPolicy: 'admin',
};

/** Taking a revision back writes all of its objects; one without objects is the whole mesh's. */
export function requireRevert(principal: Principal, keys: readonly ResourceKey[]): void {
  if (keys.length === 0) requireRole(principal, 'editor');
  requireWrite(principal, keys);
}

/** Throws RoleMissing for the first object that the caller may not write. */
export function requireWrite(principal: Principal, keys: Iterable<ResourceKey>): void {
  for (const key of keys) {
    const parsed = parseKey(key);
    if (!parsed) continue;
    // A Namespace object belongs to those who administer that namespace.
    const namespace = parsed.kind === 'Namespace' ? parsed.name : parsed.namespace;
    requireRole(principal, ROLE_TO_WRITE[parsed.kind], namespace);
  }
}
