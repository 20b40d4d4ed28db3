// A service that is down entirely: its caller's breaker opens, tries, and closes again, as the Resilience page shows it.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { expect } from '@playwright/test';
import { test } from './mesh-test.ts';
import { signIn } from './sign-in.ts';

const SEEN_WITHIN_MS = 60_000;
/** Of the calls that decide whether a half-open breaker closes. */
const TRIES = 3;
const service = (name: string) => `apiVersion: malha.dev/v1
kind: Service
metadata: {name: ${name}, namespace: bookstore}
spec: {selector: {app: ${name}}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
`;
const POLICY = `apiVersion: malha.dev/v1
kind: TrafficPolicy
metadata: {name: stock, namespace: bookstore}
spec:
  targetRef: {kind: Service, name: stock}
  retries: {attempts: 0}
  circuitBreaker: {successRate: 80, minRequests: 5, window: 10s, open: 5s, openMax: 5s, halfOpenRequests: ${TRIES}}
`;
const DOWN_WHILE_THERE = [process.execPath, path.resolve(import.meta.dirname, '../src/down-while-there.mjs')];
const IDLE = [process.execPath, path.resolve(import.meta.dirname, '../src/echo.mjs')];
const KEYS = ['TrafficPolicy/bookstore/stock', 'Service/bookstore/stock', 'Service/bookstore/buyer'];

function call(outbound: string): Promise<number> {
  const { hostname, port } = new URL(outbound);
  return new Promise((resolve, reject) => {
    const request = http.get({ hostname, port, headers: { host: 'stock' }, timeout: 10_000 }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

test('a service is down: the breaker of its caller opens, is half-open, and closes', async ({ page, mesh }) => {
  const down = path.join(mesh.stateDir, 'stock-is-down');
  await mesh.apply([service('stock'), service('buyer'), POLICY].join('---\n'), 'A service that will be down');
  const stock = await mesh.join({
    ...{ service: 'bookstore/stock', workload: 'stock', command: DOWN_WHILE_THERE },
    env: { DOWN_WHILE: down },
  });
  const buyer = await mesh.join({ service: 'bookstore/buyer', workload: 'buyer', command: IDLE });
  try {
    await expect.poll(() => call(buyer.outbound), { timeout: SEEN_WITHIN_MS }).toBe(200);
    await signIn(page, mesh);
    await page.goto('/resilience');
    const breaker = page.getByTestId('breaker-buyer-stock');
    await expect(page.getByText('Breakers and ejections')).toBeVisible();
    await expect(breaker).toBeHidden();

    fs.writeFileSync(down, '');
    // Calls go on while it is down, as they do: each time that it tries, it opens again.
    await expect(async () => {
      for (let calls = 0; calls < 10; calls += 1) expect(await call(buyer.outbound)).toBeGreaterThanOrEqual(500);
      await expect(breaker).toContainText('Open: calls fail at once', { timeout: 3_000 });
    }).toPass({ timeout: SEEN_WITHIN_MS });

    // The first call that comes through is one of three: until the others are made it stays half-open.
    fs.rmSync(down);
    await expect.poll(() => call(buyer.outbound), { timeout: SEEN_WITHIN_MS, intervals: [250] }).toBe(200);
    await expect(breaker).toContainText(`Half-open: 1 of ${TRIES} requests succeeded`, { timeout: SEEN_WITHIN_MS });

    for (let calls = 1; calls < TRIES; calls += 1) expect(await call(buyer.outbound)).toBe(200);
    await expect(breaker).toBeHidden({ timeout: SEEN_WITHIN_MS });
  } finally {
    fs.rmSync(down, { force: true });
    await buyer.stop();
    await stock.stop();
    await mesh.remove(KEYS, 'The service that was down is gone');
  }
});
