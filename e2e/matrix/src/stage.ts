// The stage that every case plays on: services, workloads and their applications, the same on every side.
import { GATEWAY_NAME_LABEL, keyOf, parseResources, type Resource, type WorkloadResource } from '@malha/model';
import type { World } from '@malha/policies';
import { type MatrixCase, UPSTREAM_PORTS } from './case.ts';

/** Ports of workloads; services map theirs onto them. */
export const HTTP_PORT = 8080;
export const ADMIN_PORT = 8081;
/** Of applications whose server speaks first. */
export const GREETER_PORT = 8082;

/** Workloads that have a proxy: the side gives each an address. */
export const MEMBERS = ['shop/front', 'other/visitor', 'shop/vault'] as const;
export type Member = (typeof MEMBERS)[number];

/** Certificates on the hosts of the edge proxies, `<namespace>/<name>`. */
export const CERTIFICATES = ['shop/www', 'shop/wild', 'other/lent'];

/** Applications that the stage has, by name of the workload; with a port of their own each. */
export const APPLICATIONS = [
  { name: 'reviews-v1', port: HTTP_PORT, protocol: 'http/1.1' },
  { name: 'reviews-v1', port: ADMIN_PORT, protocol: 'http/1.1' },
  { name: 'reviews-v2', port: HTTP_PORT, protocol: 'http/1.1' },
  { name: 'reviews-v3', port: HTTP_PORT, protocol: 'http/1.1' },
  { name: 'ratings', port: HTTP_PORT, protocol: 'http/1.1' },
  { name: 'ratings', port: GREETER_PORT, protocol: 'lines' },
  { name: 'archive', port: HTTP_PORT, protocol: 'http/1.1' },
  { name: 'vault', port: HTTP_PORT, protocol: 'http/1.1' },
  { name: 'vault', port: ADMIN_PORT, protocol: 'http/1.1' },
  { name: 'vault', port: GREETER_PORT, protocol: 'lines' },
  { name: 'ledger', port: HTTP_PORT, protocol: 'h2' },
  { name: 'sealed', port: HTTP_PORT, protocol: 'https' },
] as const satisfies readonly Application[];

export interface Application {
  readonly name: string;
  readonly port: number;
  readonly protocol: 'http/1.1' | 'h2' | 'https' | 'lines';
}

/** Workload that counts for global rate limits, where there is a Redis. */
export const COUNTER = 'ratelimit';

/** How cases name a backend: `reviews-v1`, `reviews-v1:8081`. */
export function backendName(name: string, port: number): string {
  return port === HTTP_PORT ? name : `${name}:${port}`;
}

export const STAGE_RESOURCES = `
apiVersion: malha.dev/v1
kind: Service
metadata: {name: front, namespace: shop}
spec: {selector: {app: front}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec:
  selector: {app: reviews}
  ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]
  versions:
    - {name: v1, labels: {version: v1}}
    - {name: v2, labels: {version: v2}}
    - {name: v3, labels: {version: v3}}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ratings, namespace: shop}
spec: {selector: {app: ratings}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ledger, namespace: shop}
spec: {selector: {app: ledger}, ports: [{name: grpc, port: 80, targetPort: 8080, appProtocol: grpc}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: vault, namespace: shop}
spec:
  selector: {app: vault}
  ports:
    - {name: http, port: 80, targetPort: 8080, appProtocol: http}
    - {name: admin, port: 81, targetPort: 8081, appProtocol: http}
---
# A proxy may serve a connection by the policies that it began with: none to the vault outlives a case.
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: vault-connections, namespace: shop}
spec: {targetRef: {kind: Service, name: vault}, connection: {idleTimeout: 10ms}}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ratelimit, namespace: malha-system}
spec: {selector: {app: ratelimit}, ports: [{name: grpc, port: 8081, targetPort: 8080, appProtocol: grpc}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: archive, namespace: other}
spec: {selector: {app: archive}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: visitor, namespace: other}
spec: {selector: {app: visitor}, ports: [{name: http, port: 80, targetPort: 8080, appProtocol: http}]}
`;

interface StageWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

const on = (namespace: string, name: string, app: string, version = 'v1', more: Record<string, string> = {}) => ({
  namespace,
  name,
  labels: { app, version, ...more },
});

/** `half`: one of the two answers, the other does not listen. */
const WORKLOADS: readonly StageWorkload[] = [
  on('shop', 'front', 'front', 'v1', { [GATEWAY_NAME_LABEL]: 'edge' }),
  on('shop', 'reviews-v1', 'reviews', 'v1'),
  on('shop', 'reviews-v2', 'reviews', 'v2'),
  on('shop', 'reviews-v3', 'reviews', 'v3'),
  on('shop', 'ratings', 'ratings', 'v1', { half: 'yes' }),
  on('shop', 'down', 'down', 'v1', { half: 'yes' }),
  on('shop', 'ledger', 'ledger'),
  on('shop', 'sealed', 'sealed'),
  on('shop', 'vault', 'vault'),
  on('malha-system', COUNTER, 'ratelimit'),
  on('other', 'archive', 'archive'),
  on('other', 'visitor', 'visitor', 'v1', { [GATEWAY_NAME_LABEL]: 'porch' }),
];

/** Where things are on one side. */
export interface Places {
  readonly model: 'sidecar' | 'envoy';
  /** Address of a member's proxy; its ports are 15001 and 15006. */
  readonly addressOf: (member: Member) => string;
  /** Port on 127.0.0.1 of an application; a closed one for those that do not listen. */
  readonly appPort: (name: string, port: number) => number;
}

/** Of `shop/front`; each for a service that only cases have. */
const UPSTREAMS = [
  { service: 'bytes', port: 5432, listen: UPSTREAM_PORTS.bytes },
  { service: 'other/lent', port: 5432, listen: UPSTREAM_PORTS.lent },
  { service: 'sealed', port: 443, listen: UPSTREAM_PORTS.sealed },
];

export function stageWorkloads(
  places: Places,
  { unhealthy = [], workloads = {} }: Pick<MatrixCase, 'unhealthy' | 'workloads'> = {},
): WorkloadResource[] {
  return WORKLOADS.map(({ namespace, name, labels }) => {
    const key = `${namespace}/${name}`;
    const member = MEMBERS.find((candidate) => candidate === key);
    return {
      apiVersion: 'malha.dev/v1',
      kind: 'Workload',
      metadata: { namespace, name, labels: { ...labels } },
      spec: {
        address: member === undefined ? '127.0.0.1' : places.addressOf(member),
        model: member === undefined ? 'none' : places.model,
        serviceAccount: labels.app ?? name,
        ports: [HTTP_PORT, ADMIN_PORT, GREETER_PORT].map((port) => ({
          port,
          appAddress: `127.0.0.1:${places.appPort(name, port)}`,
        })),
        ...(key === 'shop/front' && { upstreams: UPSTREAMS }),
        ...workloads[key],
      },
      status: { healthy: !unhealthy.includes(key) },
    };
  });
}

/** Resources of the stage and the case, oldest first. Throws when one of them is not valid. */
export function resourcesOf({ resources }: Pick<MatrixCase, 'resources'>): Resource[] {
  const own = parsed(resources ?? '');
  const replaced = new Set(own.map(keyOf));
  return [...parsed(STAGE_RESOURCES).filter((resource) => !replaced.has(keyOf(resource))), ...own];
}

export function worldOf(matrixCase: MatrixCase, places: Places): World {
  return {
    resources: resourcesOf(matrixCase),
    workloads: stageWorkloads(places, matrixCase),
    trustDomain: TRUST_DOMAIN,
  };
}

export const TRUST_DOMAIN = 'mesh.local';

function parsed(text: string): Resource[] {
  const { resources, errors } = parseResources(text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`line ${error.line}: ${error.path}: ${error.message}\n${text}`);
  return resources;
}
