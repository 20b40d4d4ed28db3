// The services call each other through one stand-in for the sidecars that routes by Host.
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MeshClient } from '../src/mesh-client.ts';
import { type Handler, type ServiceContext, serve } from '../src/service.ts';
import { accounts } from '../src/services/accounts.ts';
import { catalog } from '../src/services/catalog.ts';
import { frontend } from '../src/services/frontend.ts';
import { ledger } from '../src/services/ledger.ts';
import { ratings } from '../src/services/ratings.ts';
import { reviews } from '../src/services/reviews.ts';
import { Shopper } from '../src/shopper.ts';

const ports = new Map<string, number>();
const servers: http.Server[] = [];
const seen: { host: string; traceparent: string | undefined }[] = [];
let mesh: MeshClient;

async function listen(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  const router = http.createServer((request, response) => {
    const host = request.headers.host ?? '';
    seen.push({ host, traceparent: request.headers.traceparent as string | undefined });
    const upstream = http.request(
      { host: '127.0.0.1', port: ports.get(host), method: request.method, path: request.url, headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(upstream);
  });
  const outbound = `http://127.0.0.1:${await listen(router)}`;
  mesh = new MeshClient(outbound);
  const context = (): ServiceContext => ({ mesh: new MeshClient(outbound), version: 'v2', random: () => 0.5 });
  const services: Record<string, (c: ServiceContext) => Handler> = { catalog, reviews, ratings, accounts, frontend };
  for (const [name, create] of Object.entries(services)) {
    ports.set(name, await listen(serve(name, 'v2', create(context()))));
  }
  ports.set('ledger.payments', await listen(serve('ledger', 'v1', ledger(context()))));
});

afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
});

test('a book page joins catalog, reviews and ratings, and carries the trace along', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const { status, body } = await mesh.call('frontend', '/books/9780142437247', { headers: { traceparent } });
  expect(status).toBe(200);
  expect(body).toMatchObject({ book: { title: 'Moby-Dick' }, reviews: { version: 'v2', stars: { votes: 1284 } } });
  const called = seen.filter((call) => call.traceparent === traceparent).map((call) => call.host);
  expect(called.sort()).toEqual(['catalog', 'frontend', 'ratings', 'reviews']);
});

test('a missing book is 404 and an order reaches the ledger', async () => {
  expect((await mesh.call('frontend', '/books/1')).status).toBe(404);
  const order = await mesh.call('frontend', '/orders', { method: 'POST', body: { isbn: '9780142437247' } });
  expect(order).toEqual({ status: 201, body: { order: { charge: 1 } } });
});

test('the shopper counts every request it sends exactly once', async () => {
  const shopper = new Shopper(mesh, Math.random, 400);
  shopper.start();
  await new Promise((resolve) => setTimeout(resolve, 400));
  shopper.stop();
  while (shopper.counts.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { sent, answered, broken, byStatus } = shopper.counts;
  expect(sent).toBeGreaterThan(50);
  expect(answered + broken).toBe(sent);
  expect(Object.values(byStatus).reduce((sum, n) => sum + n, 0)).toBe(answered);
});
