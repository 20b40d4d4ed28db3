// A mesh with one caller and three replicas of one service that can be troubled: the stage of what protects callers.
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JoinedWorkload } from '@malha/testing/joined-workload';
import { type StartedMesh, startMesh } from '@malha/testing/started-mesh';
import { type TroubledApp, troubledApp } from '@malha/testing/troubled-app';
import { BASE, CALLER, untilActive, untilServed } from './echo-mesh.ts';

const ECHO = path.resolve(import.meta.dirname, 'echo.mjs');
const ADMIN_PORT = 15_000;
const POLL_MS = 20;
const DEADLINE_MS = 5_000;

export interface Replica {
  readonly name: string;
  readonly workload: JoinedWorkload;
  readonly app: TroubledApp;
}

export interface GuardedMesh {
  readonly mesh: StartedMesh;
  readonly caller: JoinedWorkload;
  readonly replicas: readonly [Replica, Replica, Replica];
  /** One more replica. */
  join(name: string): Promise<Replica>;
  /** Puts the sections of a TrafficPolicy in force for calls of echo, in place of what was there. */
  protect(sections: Readonly<Record<string, unknown>>): Promise<void>;
}

export async function startGuardedMesh(network: number): Promise<GuardedMesh> {
  const mesh = await startMesh({ bookstore: false, console: false, network });
  await mesh.apply(BASE);
  const join = async (name: string): Promise<Replica> => {
    const app = await troubledApp();
    const workload = await mesh.join({
      ...{ service: 'lab/echo', version: 'v1', workload: name },
      command: [process.execPath, ...app.preload, ECHO],
      env: { ...app.env, ECHO_NAME: name },
    });
    return { name, workload, app };
  };
  const [caller, ...replicas] = await Promise.all([mesh.join(CALLER), join('echo-1'), join('echo-2'), join('echo-3')]);
  await untilServed(
    caller.outbound,
    'echo',
    replicas.map(({ name }) => name),
  );
  return {
    ...{ mesh, caller, replicas, join },
    protect: async (sections) => {
      const spec = { targetRef: { kind: 'Service', name: 'echo' }, ...sections };
      // Of the same name as the one that switches retries off on this stage.
      const metadata = { name: 'no-retries', namespace: 'lab' };
      const policy = { apiVersion: 'malha.dev/v1', kind: 'TrafficPolicy', metadata, spec };
      const { revision } = await mesh.apply(JSON.stringify(policy));
      await untilActive(mesh, replicas.length + 1, revision);
    },
  };
}

/** Metrics of a workload's proxy, in the format of Prometheus. */
export function metricsOf({ outbound }: JoinedWorkload): Promise<string> {
  const options = { host: new URL(outbound).hostname, port: ADMIN_PORT, path: '/stats', agent: false };
  return new Promise((resolve, reject) => {
    const request = http.get({ ...options, timeout: DEADLINE_MS }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('error', reject);
      response.on('end', () => resolve(text));
    });
    request.on('timeout', () => request.destroy(new Error('no answer of the admin port')));
    request.on('error', reject);
  });
}

/** Waits for a condition, for as long as the slowest machine may need. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`did not happen within ${withinMs} ms: ${what}`);
    await sleep(POLL_MS);
  }
}
