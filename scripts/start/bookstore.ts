// Puts the bookstore in the mesh: its resources once, then each instance by the `malha join` a user would type.
import fs from 'node:fs';
import path from 'node:path';
import type { AdminClient } from './admin-client.ts';
import type { Supervisor } from './supervisor.ts';

const STOP_WITHIN_MS = 8_000;

interface Instance {
  readonly namespace: string;
  readonly service: string;
  readonly version: string;
}

const SERVICES: readonly Instance[] = [
  { namespace: 'payments', service: 'accounts', version: 'v1' },
  { namespace: 'payments', service: 'ledger', version: 'v1' },
  { namespace: 'bookstore', service: 'accounts', version: 'v1' },
  { namespace: 'bookstore', service: 'catalog', version: 'v1' },
  { namespace: 'bookstore', service: 'ratings', version: 'v1' },
  { namespace: 'bookstore', service: 'reviews', version: 'v1' },
  { namespace: 'bookstore', service: 'reviews', version: 'v2' },
  { namespace: 'bookstore', service: 'frontend', version: 'v1' },
];

/** Sends from its first second on: it comes when everybody whom it calls is there. */
const SHOPPER: Instance = { namespace: 'bookstore', service: 'shopper', version: 'v1' };

export interface BookstoreOptions {
  readonly root: string;
  readonly stateDir: string;
  readonly joinAddress: string;
  readonly controlPort: number;
  readonly ratePerSecond: number;
}

/** Applies the example's resources to a mesh in which nothing was ever written; an operator's edits are kept. */
export async function applyBookstore(admin: AdminClient, root: string): Promise<void> {
  const { revision } = await admin.get<{ revision: number }>('/revision');
  if (revision > 0) return;
  const folder = path.join(root, 'examples/bookstore/mesh');
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const yaml = files.sort().map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
  await admin.postYaml(`/apply?message=${encodeURIComponent('The bookstore example')}`, yaml.join('---\n'));
}

/** Starts the services, then the shopper; `active` resolves when so many proxies are in sync. */
export async function startBookstore(
  admin: AdminClient,
  supervisor: Supervisor,
  options: BookstoreOptions,
  active: (proxies: number) => Promise<void>,
): Promise<void> {
  const { pin } = await admin.get<{ pin: string }>('/ca-pin');
  for (const instance of SERVICES) await startInstance(admin, supervisor, options, pin, instance);
  await active(SERVICES.length);
  await startInstance(admin, supervisor, options, pin, SHOPPER);
  await active(SERVICES.length + 1);
}

async function startInstance(
  admin: AdminClient,
  supervisor: Supervisor,
  options: BookstoreOptions,
  pin: string,
  instance: Instance,
): Promise<void> {
  const workload = `${instance.service}-${instance.version}`;
  const name = `${instance.namespace}.${workload}`;
  const agentDir = path.join(options.stateDir, 'agents', name);
  supervisor.start({
    name,
    command: process.execPath,
    args: [
      path.join(options.root, 'packages/cli/bin/malha.mjs'),
      ...['join', '--control-plane', options.joinAddress, '--ca-pin', pin],
      ...['--service', `${instance.namespace}/${instance.service}`, '--version', instance.version],
      ...['--workload', workload, '--port', '9080', '--state-dir', agentDir],
      ...['--', process.execPath, path.join(options.root, 'examples/bookstore/dist/main.mjs'), instance.service],
    ],
    env: {
      // Used when there is no certificate yet, or it is of a mesh whose database is gone.
      MALHA_JOIN_TOKEN: await mintToken(admin, instance),
      VERSION: instance.version,
      SHOPPER_RATE: String(options.ratePerSecond),
      SHOPPER_CONTROL_PORT: String(options.controlPort),
    },
    stopWithinMs: STOP_WITHIN_MS,
  });
}

async function mintToken(admin: AdminClient, { namespace, service }: Instance): Promise<string> {
  const { token } = await admin.post<{ token: string }>('/join-tokens', { namespace, service, ttlSeconds: 600 });
  return token;
}
