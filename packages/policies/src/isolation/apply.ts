// Isolation of namespaces: who may call in, both for what a caller is told of and for what the callee lets in.
import { defaults, type NamespaceResource } from '@malha/model';

/** Who may call into a namespace; undefined = everybody. */
export interface AllowedCallers {
  /** All identities of these namespaces. */
  readonly namespaces: ReadonlySet<string>;
  /** Single identities. */
  readonly accounts: readonly { readonly namespace: string; readonly serviceAccount: string }[];
}

export interface CallerIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/**
 * `open`: everybody; `group`: namespaces of the same owner and `allowFrom`; `strict`: the namespace itself and
 * `allowFrom`. A namespace without a resource is open.
 */
export class Isolation {
  readonly #byNamespace = new Map<string, AllowedCallers>();

  constructor(namespaces: readonly NamespaceResource[]) {
    for (const namespace of namespaces) {
      const allowed = allowedCallers(namespace, namespaces);
      if (allowed !== undefined) this.#byNamespace.set(namespace.metadata.name, allowed);
    }
  }

  into(namespace: string): AllowedCallers | undefined {
    return this.#byNamespace.get(namespace);
  }

  admits(namespace: string, caller: CallerIdentity): boolean {
    const allowed = this.#byNamespace.get(namespace);
    if (allowed === undefined || allowed.namespaces.has(caller.namespace)) return true;
    return allowed.accounts.some(
      (account) => account.namespace === caller.namespace && account.serviceAccount === caller.serviceAccount,
    );
  }
}

function allowedCallers(namespace: NamespaceResource, all: readonly NamespaceResource[]): AllowedCallers | undefined {
  const { owner, isolation = defaults.namespaceIsolation, allowFrom = [] } = namespace.spec;
  if (isolation === 'open') return undefined;
  const namespaces = new Set([namespace.metadata.name]);
  if (isolation === 'group' && owner !== undefined) {
    for (const other of all) if (other.spec.owner === owner) namespaces.add(other.metadata.name);
  }
  const accounts: CallerIdentity[] = [];
  for (const { namespace: from, serviceAccount } of allowFrom) {
    if (serviceAccount === undefined) namespaces.add(from);
    else accounts.push({ namespace: from, serviceAccount });
  }
  return { namespaces, accounts };
}
