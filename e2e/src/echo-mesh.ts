// A mesh with one caller and an echo service in two versions: the stage of most scenarios.
import http from 'node:http';
import path from 'node:path';
import type { JoinedWorkload } from '@malha/testing/joined-workload';
import { type MeshOptions, type StartedMesh, startMesh } from '@malha/testing/started-mesh';

const ECHO = [process.execPath, path.resolve(import.meta.dirname, 'echo.mjs')];

export const CALLER = {
  service: 'lab/caller',
  workload: 'caller',
  command: [process.execPath, '-e', 'setInterval(() => {}, 1e9); process.on("SIGTERM", () => process.exit(0))'],
} as const;

export function echo(version: string, workload = `echo-${version}`) {
  return { service: 'lab/echo', version, workload, command: ECHO, env: { ECHO_NAME: workload } };
}

/** Retries are off, so that a request that fails once is seen. */
export const BASE = `apiVersion: malha.dev/v1
kind: Namespace
metadata: {name: lab}
spec: {owner: tests, isolation: open}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: caller, namespace: lab}
spec: {selector: {app: caller}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: echo, namespace: lab}
spec:
  selector: {app: echo}
  ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]
  versions: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
---
apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: no-retries, namespace: lab}
spec: {targetRef: {kind: Service, name: echo}, retries: {attempts: 0}}
`;

export function split(v1: number, v2: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: echo, namespace: lab}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: echo, port: 80}]
  rules:
    - name: default
      backendRefs:
        - {group: malha.dev, kind: ServiceVersion, name: echo-v1, port: 80, weight: ${v1}}
        - {group: malha.dev, kind: ServiceVersion, name: echo-v2, port: 80, weight: ${v2}}
`;
}

export interface EchoMesh {
  readonly mesh: StartedMesh;
  readonly caller: JoinedWorkload;
  readonly v1: JoinedWorkload;
  readonly v2: JoinedWorkload;
}

export async function startEchoMesh(options: Omit<MeshOptions, 'bookstore' | 'console'>): Promise<EchoMesh> {
  const mesh = await startMesh({ ...options, bookstore: false, console: false });
  await mesh.apply(`${BASE}---\n${split(50, 50)}`);
  const [caller, v1, v2] = await Promise.all([mesh.join(CALLER), mesh.join(echo('v1')), mesh.join(echo('v2'))]);
  await untilServed(caller.outbound, 'echo', ['echo-v1', 'echo-v2']);
  const { revision } = await mesh.apply(split(100, 0));
  await untilActive(mesh, 3, revision);
  return { mesh, caller, v1, v2 };
}

/** Waits until each of `servers` has answered a call: its application listens and its proxy is known to the caller. */
export async function untilServed(outbound: string, host: string, servers: readonly string[]): Promise<void> {
  const missing = new Set(servers);
  const deadline = performance.now() + 30_000;
  while (missing.size > 0) {
    if (performance.now() > deadline) throw new Error(`no answer from ${[...missing].join(', ')}`);
    const server = await servedBy(outbound, host).catch(() => '');
    if (!missing.delete(server)) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function servedBy(outbound: string, host: string): Promise<string> {
  const { hostname, port } = new URL(outbound);
  return new Promise((resolve, reject) => {
    const request = http.get({ host: hostname, port, headers: { host }, timeout: 5_000 }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.headers['x-served-by'] ?? '')));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

/** Waits until `proxies` are there and each serves what the mesh wants of it, `revision` or a later one. */
export async function untilActive(mesh: StartedMesh, proxies: number, revision = 0, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const status = await mesh.admin<{ revision: number; proxies: { total: number; active: number } }>('GET', '/status');
    const { total, active } = status.proxies;
    if (status.revision >= revision && active === total && total >= proxies) return;
    if (performance.now() > deadline) throw new Error(`not in sync: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
