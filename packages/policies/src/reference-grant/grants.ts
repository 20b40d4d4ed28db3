// ReferenceGrants: whether an object may refer to one of another namespace. The namespace that is referred to decides.
import { GATEWAY_API_GROUP, MALHA_GROUP, namespaceOf, type ReferenceGrantResource } from '@malha/model';

export interface GrantedObject {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export class ReferenceGrants {
  readonly #byNamespace = new Map<string, ReferenceGrantResource[]>();

  constructor(grants: readonly ReferenceGrantResource[]) {
    for (const grant of grants) {
      const list = this.#byNamespace.get(namespaceOf(grant));
      if (list === undefined) this.#byNamespace.set(namespaceOf(grant), [grant]);
      else list.push(grant);
    }
  }

  /** `from`: an object of the Gateway API. Any grant of the target's namespace suffices. */
  allows(from: { readonly kind: string; readonly namespace: string }, to: GrantedObject): boolean {
    const grants = this.#byNamespace.get(to.namespace) ?? [];
    return grants.some(
      ({ spec }) =>
        spec.from.some(
          ({ group, kind, namespace }) =>
            group === GATEWAY_API_GROUP && kind === from.kind && namespace === from.namespace,
        ) &&
        spec.to.some(
          ({ group, kind, name }) =>
            isGroup(group, to.group) && kind === to.kind && (name === undefined || name === to.name),
        ),
    );
  }
}

/** Service is a kind of Kubernetes' core group, and ours by its apiVersion: both are meant. */
function isGroup(written: string, meant: string): boolean {
  return written === meant || (meant === '' && (written === 'core' || written === MALHA_GROUP));
}
