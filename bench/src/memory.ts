// What a sidecar that has joined a mesh holds in memory, its agent included: idle, and under load.
import type { JoinedWorkload } from '@malha/testing/joined-workload';
import { startMesh } from '@malha/testing/started-mesh';
import { measure, wrk } from './load.ts';
import { type Running, residentMiB, which } from './processes.ts';

export interface MemoryRow {
  /** Which end of the call the sidecar is. */
  readonly sidecar: string;
  /** 0 = idle. */
  readonly connections: number;
  readonly rssMiB: number;
  readonly requestsPerSecond: number;
  readonly errors: number;
}

const LOAD_SECONDS = 10;
const CONNECTIONS = [32, 128];
const APP = `
const { createServer } = require('node:http');
const server = createServer((request, response) => response.end('{"id":1234,"name":"The Comedy of Errors","author":"WS"}'));
server.keepAliveTimeout = 600_000;
server.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));`;
const CALLER = 'setInterval(() => {}, 1e9); process.on("SIGTERM", () => process.exit(0))';
const SERVICES = ['caller', 'app']
  .map(
    (name) => `apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: bench}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
`,
  )
  .join('---\n');

export async function memory(say: (line: string) => void): Promise<MemoryRow[]> {
  if (which('wrk') === undefined) {
    say('missing: wrk is not installed (Debian: wrk)');
    return [];
  }
  const rows: MemoryRow[] = [];
  const mesh = await startMesh({ bookstore: false, console: false, network: 82 });
  try {
    await mesh.apply(`apiVersion: malha.dev/v1
kind: Namespace
metadata: {name: bench}
spec: {owner: bench, isolation: open}
---
${SERVICES}`);
    const command = (script: string) => [process.execPath, '-e', script];
    const caller = await mesh.join({ service: 'bench/caller', workload: 'caller', command: command(CALLER) });
    const app = await mesh.join({ service: 'bench/app', workload: 'app', command: command(APP) });
    const sidecars = new Map([
      ['caller', runningOf(caller)],
      ['callee', runningOf(app)],
    ]);
    const record = (connections: number, requestsPerSecond: number, errors: number) => {
      for (const [sidecar, { pid }] of sidecars) {
        const row = { sidecar, connections, rssMiB: residentMiB([pid]), requestsPerSecond, errors };
        rows.push(row);
        say(
          `${sidecar} at ${connections} connections: ${row.rssMiB.toFixed(0)} MiB, ${requestsPerSecond.toFixed(0)}/s, ${errors} errors`,
        );
      }
    };
    record(0, 0, 0);
    const url = new URL(caller.outbound);
    const target = { host: url.hostname, port: Number(url.port), headers: { Host: 'app.bench' } };
    for (const connections of CONNECTIONS) {
      const { requestsPerSecond, errors } = await measure([], {
        generator: wrk,
        ...target,
        connections,
        seconds: LOAD_SECONDS,
      });
      record(connections, requestsPerSecond, errors);
    }
  } finally {
    await mesh.stop();
  }
  return rows;
}

function runningOf({ name, child }: JoinedWorkload): Running {
  return { name, pid: child.pid ?? 0, stop: async () => undefined };
}
