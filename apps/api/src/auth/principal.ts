// Who calls, and what their roles allow. viewer < editor < operator < admin, in the mesh or in one namespace.
import { DomainError } from '../errors.ts';

export const ROLES = ['viewer', 'editor', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface Principal {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** In the whole mesh. */
  readonly role: Role;
  /** Raises the role in single namespaces; never lowers it. */
  readonly namespaceRoles: Readonly<Record<string, Role>>;
}

export function includesRole(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** `namespace` undefined or '' asks for the whole mesh. */
export function hasRole(principal: Principal, needed: Role, namespace?: string): boolean {
  if (includesRole(principal.role, needed)) return true;
  const raised = namespace ? principal.namespaceRoles[namespace] : undefined;
  return raised !== undefined && includesRole(raised, needed);
}

export function hasRoleSomewhere(principal: Principal, needed: Role): boolean {
  return [principal.role, ...Object.values(principal.namespaceRoles)].some((role) => includesRole(role, needed));
}

export function requireRole(principal: Principal, needed: Role, namespace?: string): void {
  if (!hasRole(principal, needed, namespace)) throw new RoleMissing(needed, namespace);
}

export class NotSignedIn extends DomainError {
  override readonly name = 'NotSignedIn';
  constructor() {
    super('unauthenticated', 'MALHA5040', 'Sign in first: there is no session, or it has ended.');
  }
}

export class RoleMissing extends DomainError {
  override readonly name = 'RoleMissing';
  constructor(needed: Role, namespace?: string) {
    const where = namespace ? ` in namespace "${namespace}"` : '';
    super('forbidden', 'MALHA5041', `This needs the role "${needed}"${where}.`, { data: { needed, namespace } });
  }
}
