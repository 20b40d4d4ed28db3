// Push latency at scale: node --import tsx apps/api/test/xds-load.ts [proxies] [rounds]. Real sockets, one connection for each
// proxy, clients in a process of their own; each round changes the weights of a route that every proxy has.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { CLUSTER_TYPE, configHash, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, type VersionedName } from '@malha/xds';
import { DeltaClient } from '@malha/xds/delta-client';
import { clock, runServer, service, split, TestWorld, until, workload } from './xds-mesh.ts';

const SERVICES = 20;

interface Served {
  readonly workload: string;
  readonly hash: string;
  readonly atMs: number;
}

/** Takes everything and reports the hash; decodes nothing, so that the server is what is measured. */
function runClient(port: number, key: string): void {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const held = new Map<string, VersionedName>();
  const delta: DeltaClient = new DeltaClient({
    client: () => client,
    node: { id: `${key}~1` },
    clock,
    random: Math.random,
    onUpdate: ({ typeUrl, upserts, removed }) => {
      for (const { name, version } of upserts) held.set(`${typeUrl} ${name}`, { typeUrl, name, version });
      for (const name of removed) held.delete(`${typeUrl} ${name}`);
      if (typeUrl === CLUSTER_TYPE)
        delta.subscribe(
          ENDPOINT_TYPE,
          upserts.map(({ name }) => name),
        );
      if (typeUrl === LISTENER_TYPE) delta.subscribe(ROUTE_TYPE, ['outbound']);
      if (typeUrl === ROUTE_TYPE) process.send?.({ workload: key, hash: configHash(held.values()), atMs: Date.now() });
      return [];
    },
  });
  delta.subscribe(LISTENER_TYPE, ['*']);
  delta.subscribe(CLUSTER_TYPE, ['*']);
  delta.start();
}

function makeWorld(count: number, weight: number) {
  const names = Array.from({ length: SERVICES }, (_, index) => `s${index}`);
  const resources = names.map((name) => service('load', name, ['v1', 'v2']));
  const workloads = Array.from({ length: count }, (_, index) =>
    workload('load', `w${index}`, `s${index % SERVICES}`, {
      version: index % (2 * SERVICES) < SERVICES ? 'v1' : 'v2',
      address: `127.64.${index >> 8}.${index & 255}`,
    }),
  );
  return { resources: [...resources, split('load', 's0', weight, 100 - weight)], workloads };
}

async function main(count: number, rounds: number): Promise<void> {
  const world = new TestWorld();
  const first = makeWorld(count, 100);
  world.set(first.resources, first.workloads);
  const server = await runServer(world);
  const child = fork(fileURLToPath(import.meta.url), ['clients', String(server.port), String(count)], {
    execArgv: ['--import', 'tsx'],
  });
  child.on('message', ({ workload: key, hash, atMs }: Served) => server.xds.onServed(key, hash, atMs));
  const joining = performance.now();
  const active = (revision: number) => server.xds.propagation.of(revision)?.active ?? 0;
  await until('all joined', () => active(1) === count, 120_000);
  console.log(`${count} proxies joined in ${Math.round(performance.now() - joining)} ms`);
  for (let round = 1; round <= rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    const { resources } = makeWorld(count, 100 - round);
    const before = process.cpuUsage();
    world.set(resources, first.workloads);
    const revision = world.current()?.revision ?? 0;
    await until(`revision ${revision}`, () => active(revision) === count, 60_000);
    const { user, system } = process.cpuUsage(before);
    const state = server.xds.propagation.of(revision);
    console.log(
      `round ${round}: p50 ${state?.p50Ms} ms, p99 ${state?.p99Ms} ms, server CPU ${Math.round((user + system) / 1000)} ms`,
    );
  }
  console.log(`server rss ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`);
  child.kill();
  server.close();
}

if (process.argv[2] === 'clients') {
  process.on('disconnect', () => process.exit());
  const count = Number(process.argv[4]);
  for (let index = 0; index < count; index += 1) runClient(Number(process.argv[3]), `load/w${index}`);
} else {
  await main(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 10));
}
