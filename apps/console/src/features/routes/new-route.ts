// The first text of a route that is not stored yet: everything goes where it goes without a route. Pure.
import { stringify } from 'yaml';

export interface RouteOwner {
  readonly namespace: string;
  readonly service: string;
  readonly port: number | undefined;
  readonly versions: readonly string[];
}

/** All to the service; where it has versions, all to the first one, so that a split can begin. */
export function newRouteYaml({ namespace, service, port, versions }: RouteOwner): string {
  const at = port === undefined ? {} : { port };
  const backendRefs =
    versions.length < 2
      ? [{ name: service, ...at }]
      : versions.map((version, index) => ({
          group: 'malha.dev',
          kind: 'ServiceVersion',
          name: `${service}-${version}`,
          ...at,
          weight: index === 0 ? 100 : 0,
        }));
  return stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: service, namespace },
    spec: {
      parentRefs: [{ group: 'malha.dev', kind: 'Service', name: service, ...at }],
      rules: [{ name: 'default', backendRefs }],
    },
  });
}
