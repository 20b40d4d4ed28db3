// Malha's sidecar, standalone: the same program, codecs and filters as in a mesh, configured from YAML files.
import fs from 'node:fs';
import path from 'node:path';
import { PROXY_CORE, type Running, run } from '../processes.ts';
import type { Contestant, Environment, IdentityFiles, Started } from './contestant.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..', '..');
const BIN = path.join(ROOT, 'packages/cli/bin/malha.mjs');
const ARMED = ['routing by host', 'retries with budget', 'request timeout', 'telemetry: counters, histograms, spans'];

export const malha: Contestant = {
  name: 'Malha',
  scenarios: ['single', 'mtls-pair', 'grpc', 'tcp-pair'],
  missing: () => undefined,
  start: async (scenario, environment) => {
    const outbound = await environment.freePort();
    const inbound = await environment.freePort();
    const headers = { Host: 'app.bench' };
    if (scenario === 'single' || scenario === 'grpc') {
      const [upstream, protocol] =
        scenario === 'grpc' ? ([environment.grpcPort, 'grpc'] as const) : ([environment.upstreamPort, 'http'] as const);
      const resources = write(environment, `malha-${scenario}`, caller() + app('DISABLE', upstream, '', protocol));
      const proxies = [await start('caller', resources, outbound, await environment.freePort(), environment)];
      return {
        proxies,
        port: outbound,
        headers,
        configuration: read(resources),
        features: scenario === 'grpc' ? [...ARMED, 'HTTP/2 on both sides'] : ARMED,
      };
    }
    const { client, server } = environment.identities;
    const isTcp = scenario === 'tcp-pair';
    const port = isTcp ? await environment.freePort() : outbound;
    const yaml =
      caller(isTcp ? `, upstreams: [{service: bench/app, port: 80, listen: ${port}}]` : '') +
      app('STRICT', inbound, `127.0.0.1:${environment.upstreamPort}`, isTcp ? 'tcp' : 'http') +
      allow(client.spiffeId);
    const resources = write(environment, `malha-${scenario}`, yaml);
    const proxies = [
      await start('app', resources, await environment.freePort(), inbound, environment, server),
      await start('caller', resources, outbound, await environment.freePort(), environment, client),
    ];
    const secure = ['mutual TLS 1.3, SPIFFE check on both sides', 'authorization'];
    const features = isTcp
      ? ['bytes', ...secure, 'telemetry: counters']
      : [...ARMED, 'HTTP/2 between', ...secure, 'certificate forwarding'];
    return { proxies, port, headers, configuration: read(resources), features };
  },
};

/** `pair`: over mutual TLS; the others are one proxy, over plaintext. */
export type Side = 'outbound' | 'inbound' | 'pair';

export interface SideOptions {
  readonly name: string;
  readonly side: Side;
  readonly resources: string;
}

/** In front of the upstream, with more resources than it needs. A caller has three endpoints to choose from, which are the same program. */
export async function startMalha(environment: Environment, { name, side, resources }: SideOptions): Promise<Started> {
  const outbound = await environment.freePort();
  const inbound = await environment.freePort();
  const application = `127.0.0.1:${environment.upstreamPort}`;
  const { client, server } = environment.identities;
  const service = {
    outbound: () => app('DISABLE', environment.upstreamPort, '') + replicas(environment.upstreamPort),
    inbound: () => app('DISABLE', inbound, application),
    pair: () =>
      app('STRICT', inbound, application) + replicas(inbound, application) + allow(client.spiffeId, server.spiffeId),
  };
  const directory = write(environment, name, caller() + service[side]() + resources);
  const proxies: Running[] = [];
  if (side === 'pair')
    proxies.push(await start('app', directory, await environment.freePort(), inbound, environment, server));
  if (side === 'inbound') proxies.push(await start('app', directory, outbound, inbound, environment));
  else {
    const [ownInbound, identity] = side === 'pair' ? [await environment.freePort(), client] : [inbound, undefined];
    proxies.push(await start('caller', directory, outbound, ownInbound, environment, identity));
  }
  const port = side === 'inbound' ? inbound : outbound;
  return { proxies, port, headers: { Host: 'app.bench' }, configuration: read(directory), features: ARMED };
}

function caller(upstreams = ''): string {
  return `apiVersion: malha.dev/v1
kind: Service
metadata: {name: caller, namespace: bench}
spec: {selector: {app: caller}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: caller, namespace: bench, labels: {app: caller}}
spec: {address: 127.0.0.1, inboundPort: 15006, ports: [{port: 9080, appAddress: "127.0.0.1:9"}], serviceAccount: caller${upstreams}}
---
`;
}

/** `appAddress` empty: a workload without a proxy, called on its own port. */
function app(mode: 'STRICT' | 'DISABLE', inboundPort: number, appAddress: string, protocol = 'http'): string {
  return `apiVersion: malha.dev/v1
kind: Service
metadata: {name: app, namespace: bench}
spec: {selector: {app: app}, ports: [{name: app, port: 80, targetPort: 9080, appProtocol: ${protocol}}]}
---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: app, namespace: bench, labels: {app: app}}
${appSpec(inboundPort, appAddress)}---
apiVersion: malha.dev/v1
kind: PeerAuthentication
metadata: {name: app, namespace: bench}
spec: {targetRef: {kind: Service, name: app}, mode: ${mode}}
`;
}

/** `appAddress` empty: workloads without a proxy, called on their own port. */
function replicas(port: number, appAddress = ''): string {
  const each = ['second', 'third'].map(
    (name) => `---
apiVersion: malha.dev/v1
kind: Workload
metadata: {name: app-${name}, namespace: bench, labels: {app: app}}
${appSpec(port, appAddress)}`,
  );
  return each.join('');
}

function appSpec(inboundPort: number, appAddress: string): string {
  const address = appAddress === '' ? `127.0.0.1:${inboundPort}` : appAddress;
  const model = appAddress === '' ? ', model: none' : '';
  return `spec: {address: 127.0.0.1, inboundPort: ${inboundPort}, ports: [{port: 9080, appAddress: "${address}"}], serviceAccount: app${model}}
`;
}

function allow(...principals: string[]): string {
  return `---
apiVersion: malha.dev/v1
kind: AuthorizationPolicy
metadata: {name: caller-may, namespace: bench}
spec:
  targetRef: {kind: Service, name: app}
  action: ALLOW
  rules: [{from: {principals: ${JSON.stringify(principals)}}}]
`;
}

function write(environment: Environment, name: string, yaml: string): string {
  const directory = path.join(environment.directory, name);
  fs.mkdirSync(directory, { recursive: true });
  fs.writeFileSync(path.join(directory, 'mesh.yaml'), yaml);
  return directory;
}

function read(directory: string): string {
  return fs.readFileSync(path.join(directory, 'mesh.yaml'), 'utf8');
}

async function start(
  workload: string,
  resources: string,
  outbound: number,
  inbound: number,
  environment: Environment,
  identity?: IdentityFiles,
): Promise<Running> {
  const args = [BIN, 'proxy', '--resources', resources, '--workload', `bench/${workload}`];
  args.push('--outbound-port', String(outbound), '--inbound-port', String(inbound));
  args.push('--admin-port', String(await environment.freePort()));
  if (identity !== undefined) args.push('--identity-dir', identity.directory);
  return run({ name: `malha-${workload}`, command: process.execPath, args, core: PROXY_CORE, port: outbound });
}
