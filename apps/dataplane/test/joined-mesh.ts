// A small mesh for agents in tests: resources as YAML, compiled and encoded as the control plane does, served by the fake.
import path from 'node:path';
import { parseResources } from '@malha/model';
import { compile } from '@malha/policies';
import type { FakeResource } from '@malha/testing/fake-control-plane';
import { encode } from '../../api/src/xds/dialects/malha/index.ts';
import { Program } from './program.ts';

/** What the proxy of one workload is given. */
export function resourcesFor(yaml: string, workload: string, trustDomain = 'mesh.local'): readonly FakeResource[] {
  const { resources, errors } = parseResources(yaml);
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  const workloads = resources.filter((each) => each.kind === 'Workload');
  const [namespace = '', name = ''] = workload.split('/');
  const { config } = compile({ resources, workloads, trustDomain }, { namespace, workload: name });
  return encode(config).map(({ any, ...rest }) => ({ ...rest, value: any }));
}

/** A service `shop` whose workload has a proxy, and a plain upstream `reviews` at a port of this host. */
export function shopAndReviews(appPort: number, reviewsPort: number): string {
  return `apiVersion: malha.dev/v1
kind: Service
metadata: {name: shop, namespace: demo}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: shop-1, namespace: demo, labels: {app: shop}}
spec: {address: 127.0.0.1, ports: [{port: 9080, appAddress: "127.0.0.1:${appPort}"}]}
---
apiVersion: malha.dev/v1
kind: PeerAuthentication
metadata: {name: shop, namespace: demo}
spec: {targetRef: {kind: Service, name: shop}, mode: PERMISSIVE}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: reviews, namespace: demo}
spec: {selector: {app: reviews}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: reviews-1, namespace: demo, labels: {app: reviews}}
spec: {model: none, address: 127.0.0.1, ports: [{port: 9080, appAddress: "127.0.0.1:${reviewsPort}"}]}
`;
}

const ANY_PORTS = ['--outbound-port', '0', '--inbound-port', '0', '--admin-port', '0'];

/** `malha join` as shop-1 of demo/shop, with the state in `state`. */
export function joinShop(
  state: string,
  more: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  const own = ['--service', 'demo/shop', '--version', 'v1', '--port', '9080', '--workload', 'shop-1'];
  return new Program(['join', ...own, '--state-dir', path.join(state, 'shop'), ...ANY_PORTS, ...more], environment);
}
