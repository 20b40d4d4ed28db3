// For tests: worlds from YAML text.
import { parseResources } from '@malha/model';
import type { World } from './world.ts';

/** A world of the resources in the text; throws when one of them is not valid. */
export function worldOf(text: string, parts: Partial<World> = {}): World {
  const { resources, errors } = parseResources(text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${error.line}: ${error.message}`);
  return { resources, workloads: [], trustDomain: 'mesh.local', ...parts };
}

/** A service with versions v1 and v2, as short as a test needs it. */
export function service(name: string, namespace = 'shop', spec = 'ports: [{port: 9080}]'): string {
  return `---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {app: ${name}}
  versions: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
  ${spec}
`;
}

export function workload(name: string, app: string, namespace = 'shop', spec = '', version = 'v1'): string {
  return `---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${app}, version: ${version}}}
spec: {address: 127.64.0.1${spec === '' ? '' : `, ${spec}`}}
`;
}

/** An HTTPRoute of a service of its own namespace, with the rules in flow or block style. */
export function route(name: string, parent: string, rules: string, namespace = 'shop'): string {
  return `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  parentRefs: [{group: "", kind: Service, name: ${parent}}]
  rules: ${rules}
`;
}

export function policy(kind: string, name: string, spec: string, namespace = 'shop'): string {
  return `---
apiVersion: malha.dev/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec: ${spec}
`;
}
