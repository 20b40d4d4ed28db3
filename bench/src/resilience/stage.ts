// The bookstore in a mesh of its own: a caller, the front, reviews, and three replicas of catalog that can be troubled.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JoinedWorkload, WorkloadOptions } from '@malha/testing/joined-workload';
import { type StartedMesh, startMesh } from '@malha/testing/started-mesh';
import { type TroubledApp, troubledApp } from '@malha/testing/troubled-app';
import { resourcesOf, type Setting } from './settings.ts';

const BOOKSTORE = path.resolve(import.meta.dirname, '../../../examples/bookstore');
const PROGRAM = path.join(BOOKSTORE, 'dist/main.mjs');
const NETWORK = 92;
const REPLICAS = 3;
const WITHIN_MS = 60_000;
const POLL_MS = 25;
/** Pages that must come whole, one after the other, before a run begins. */
const PAGES_IN_A_ROW = 20;

export const PAGE = { host: 'frontend', path: '/books/9780141439518' } as const;

export interface Stage {
  readonly replicas: readonly TroubledApp[];
  /** The setting in force, callers that have seen nothing yet; resolves with the caller's outbound address. */
  begin(setting: Setting): Promise<string>;
  close(): Promise<void>;
}

export async function startStage(): Promise<Stage> {
  const mesh = await startMesh({ bookstore: false, console: false, network: NETWORK });
  try {
    await mesh.apply(fs.readFileSync(path.join(BOOKSTORE, 'mesh/bookstore.yaml'), 'utf8'));
    const replicas = await Promise.all(Array.from({ length: REPLICAS }, (_, index) => joinReplica(mesh, index + 1)));
    await mesh.join(service('reviews'));
    let callers = await Promise.all(CALLERS.map((options) => mesh.join(options)));
    return {
      replicas,
      async begin(setting) {
        const { revision } = await mesh.apply(resourcesOf(setting), `study: ${setting.id}`);
        // What a proxy has learnt about endpoints would outlive the change of a policy: the callers start anew.
        await Promise.all(callers.map((each) => each.stop('SIGKILL')));
        callers = await Promise.all(CALLERS.map((options) => mesh.rejoin(options)));
        await untilActive(mesh, revision);
        const [caller] = callers as [JoinedWorkload];
        await untilWell(caller.outbound);
        return caller.outbound;
      },
      close: () => mesh.stop(),
    };
  } catch (error) {
    await mesh.stop();
    throw error;
  }
}

const CALLERS: readonly WorkloadOptions[] = [
  {
    service: 'bookstore/shopper',
    workload: 'study-caller',
    command: [process.execPath, '-e', 'setInterval(() => {}, 1e9)'],
  },
  service('frontend'),
];

function service(name: string): WorkloadOptions {
  return { service: `bookstore/${name}`, workload: `study-${name}`, command: [process.execPath, PROGRAM, name] };
}

async function joinReplica(mesh: StartedMesh, number: number): Promise<TroubledApp> {
  const app = await troubledApp();
  await mesh.join({
    service: 'bookstore/catalog',
    workload: `study-catalog-${number}`,
    command: [process.execPath, ...app.preload, PROGRAM, 'catalog'],
    env: app.env,
  });
  return app;
}

async function untilActive(mesh: StartedMesh, revision: number): Promise<void> {
  const proxies = REPLICAS + CALLERS.length + 1;
  await until('every proxy active', async () => {
    const status = await mesh.admin<{ revision: number; proxies: { total: number; active: number } }>('GET', '/status');
    const { total, active } = status.proxies;
    return status.revision >= revision && active === total && total >= proxies;
  });
}

async function untilWell(outbound: string): Promise<void> {
  let inARow = 0;
  await until('the page whole', async () => {
    inARow = (await isPageWhole(outbound)) ? inARow + 1 : 0;
    return inARow >= PAGES_IN_A_ROW;
  });
}

function isPageWhole(outbound: string): Promise<boolean> {
  const { hostname, port } = new URL(outbound);
  const { host, path: target } = PAGE;
  return new Promise((resolve) => {
    const options = { host: hostname, port, path: target, headers: { host }, agent: false, timeout: 5_000 };
    const request = http.get(options, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode === 200));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + WITHIN_MS;
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadlineMs) throw new Error(`not reached within ${WITHIN_MS / 1_000} s: ${what}`);
    await sleep(POLL_MS);
  }
}
