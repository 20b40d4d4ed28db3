// Runs one service of the bookstore: `node dist/main.mjs <service>`.
import { readConfig } from './config.ts';
import { MeshClient } from './mesh-client.ts';
import { seededRandom } from './random.ts';
import { type Handler, notFound, type ServiceContext, serve } from './service.ts';
import { accounts } from './services/accounts.ts';
import { catalog } from './services/catalog.ts';
import { frontend } from './services/frontend.ts';
import { ledger } from './services/ledger.ts';
import { ratings } from './services/ratings.ts';
import { reviews } from './services/reviews.ts';
import { Shopper } from './shopper.ts';

const LOOPBACK = '127.0.0.1';
const SERVICES: Record<string, (context: ServiceContext) => Handler> = {
  accounts,
  catalog,
  frontend,
  ledger,
  ratings,
  reviews,
  shopper:
    () =>
    async ({ path }) =>
      notFound(path),
};

const name = process.argv[2] ?? '';
const create = SERVICES[name];
if (create === undefined) {
  console.error(`usage: main <service>, one of ${Object.keys(SERVICES).join(', ')}`);
  process.exit(2);
}
const config = readConfig();
const mesh = new MeshClient(config.outbound);
const random = seededRandom(config.seed);
const servers = [serve(name, config.version, create({ mesh, version: config.version, random }))];
servers[0]?.listen(config.port, LOOPBACK);

let shopper: Shopper | undefined;
if (name === 'shopper') {
  shopper = new Shopper(mesh, random, config.shopperRate);
  const control = shopper.control();
  servers.push(control);
  control.listen(config.shopperControlPort, LOOPBACK);
  shopper.start();
}

function stop(): void {
  shopper?.stop();
  for (const server of servers) {
    server.close();
    server.closeIdleConnections();
  }
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
