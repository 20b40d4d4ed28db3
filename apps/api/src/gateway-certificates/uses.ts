// Which listeners of Gateways name which certificate.
import { type GatewayResource, namespaceOf, type Resource } from '@malha/model';
import { certificateRefsOf } from '@malha/policies';

/** `<namespace>/<name>` of the certificate -> `<namespace>/<gateway> listener <name>` */
export function listenersByCertificate(resources: readonly Resource[]): ReadonlyMap<string, readonly string[]> {
  const uses = new Map<string, string[]>();
  for (const resource of resources) if (resource.kind === 'Gateway') collect(resource, uses);
  return uses;
}

function collect(gateway: GatewayResource, uses: Map<string, string[]>): void {
  const home = namespaceOf(gateway);
  for (const listener of gateway.spec.listeners) {
    const user = `${home}/${gateway.metadata.name} listener ${listener.name}`;
    for (const { namespace = home, name } of certificateRefsOf(listener)) {
      const users = uses.get(`${namespace}/${name}`) ?? [];
      if (!users.includes(user)) uses.set(`${namespace}/${name}`, [...users, user]);
    }
  }
}
