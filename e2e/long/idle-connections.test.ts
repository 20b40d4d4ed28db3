// What a connection without a request costs: resident memory of one proxy for each thousand of 15,000.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { startUpstream, type Upstream } from '../../apps/dataplane/test/program.ts';
import { type LoneProxy, startLoneProxy } from '../src/lone-proxy.ts';

const CONNECTIONS = 15_000;
/** Descriptors that a process has beside its connections. */
const OTHER_DESCRIPTORS = 300;
const CLIENTS = path.resolve(import.meta.dirname, '../src/idle-clients.mjs');
/** Above this a connection holds something that it should not. */
const MIB_PER_THOUSAND_MAX = 10;

/** Node raises its soft limit to the hard one by itself. */
const descriptors = Number(
  /Max open files\s+\d+\s+(\d+)/.exec(fs.readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 65_536,
);
const number = Math.min(CONNECTIONS, descriptors - OTHER_DESCRIPTORS);
if (number < CONNECTIONS) console.log(`only ${number} connections: at most ${descriptors} open files for each process`);

let app: Upstream | undefined;
let proxy: LoneProxy | undefined;
let clients: ChildProcess | undefined;
afterEach(async () => {
  clients?.kill('SIGKILL');
  await proxy?.stop();
  app?.close();
});

/** The next line of the clients. */
function said(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (line: Buffer) => resolve(line.toString().trim()));
    child.once('exit', () => reject(new Error('the clients ended')));
  });
}

test.each(['silent', 'http1', 'http2'])('%s connections', async (kind) => {
  app = await startUpstream('hello');
  proxy = await startLoneProxy(app.port);
  // Code and pools first: only the connections are to be weighed.
  const warm = spawn(process.execPath, [CLIENTS, String(proxy.outboundPort), '100', kind]);
  await said(warm);
  warm.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const before = proxy.residentMiB();
  clients = spawn(process.execPath, [CLIENTS, String(proxy.outboundPort), String(number), kind]);
  clients.stderr?.pipe(process.stderr);
  expect(await said(clients)).toBe('open');
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const perThousand = (proxy.residentMiB() - before) / (number / 1_000);
  const words = `${number} ${kind} connections: ${proxy.residentMiB().toFixed(0)} MiB resident, ${before.toFixed(0)} without`;
  console.log(`${words}, ${perThousand.toFixed(1)} MiB for each 1,000`);
  clients.stdin?.write('?');
  expect(await said(clients)).toBe('ended 0');
  expect(await proxy.metrics()).toContain(`malha_connections_open{listener="outbound"} ${number}`);
  expect(perThousand).toBeLessThan(MIB_PER_THOUSAND_MAX);
});
