// A request that a fault delays and whose first attempt fails: its trace shows each of these as what it is.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import { expect } from '@playwright/test';
import { test } from './mesh-test.ts';
import { signIn } from './sign-in.ts';

const FAULT = 'FaultInjection/trial/slow-echo';
const TRIAL = `apiVersion: malha.dev/v1
kind: Namespace
metadata: {name: trial}
spec: {owner: tests, isolation: open}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: caller, namespace: trial}
spec: {selector: {app: caller}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: Service
metadata: {name: echo, namespace: trial}
spec: {selector: {app: echo}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
---
apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: slow-echo, namespace: trial}
spec: {targetRef: {kind: Service, name: echo}, delay: {percent: 100, duration: 300ms}, expiresAfter: 10m}
`;
const ECHO = [process.execPath, path.resolve(import.meta.dirname, '../src/echo.mjs')];

interface Answer {
  readonly status: number;
  readonly attempts: string;
}

/** Sampled, and failed once by the application. */
function callThatFailsOnce(outbound: string, traceId: string): Promise<Answer> {
  const { hostname, port } = new URL(outbound);
  const headers = {
    ...{ host: 'echo', 'x-fail': 'once', 'x-call': traceId },
    traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
  };
  return new Promise((resolve, reject) => {
    const request = http.get({ hostname, port, headers, timeout: 20_000 }, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, attempts: String(response.headers['x-attempts']) }),
      );
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

test('a trace shows the delay of a fault, each attempt and the back-off between them', async ({ page, mesh }) => {
  await mesh.apply(TRIAL, 'A trial of attempts');
  const [caller, echo] = await Promise.all([
    mesh.join({ service: 'trial/caller', workload: 'caller', command: ECHO }),
    mesh.join({ service: 'trial/echo', workload: 'echo', command: ECHO }),
  ]);
  try {
    let traceId = '';
    await expect(async () => {
      traceId = randomBytes(16).toString('hex');
      expect(await callThatFailsOnce(caller.outbound, traceId)).toEqual({ status: 200, attempts: '2' });
    }).toPass({ timeout: 45_000 });

    await signIn(page, mesh);
    const hops = page.getByTestId('trace-hop');
    await expect(async () => {
      await page.goto(`/traces/${traceId}`);
      // The call, its delay, two attempts and what was waited between them.
      await expect(hops).toHaveCount(5, { timeout: 5_000 });
    }).toPass({ timeout: 60_000 });
    await expect(hops.nth(0)).toContainText('2 attempts');
    await expect(hops.nth(1)).toContainText(/injected delay.*slow-echo.*FI/);
    await expect(hops.nth(2)).toContainText(/attempt 1.*503/);
    await expect(hops.nth(3)).toContainText('back-off');
    await expect(hops.nth(4)).toContainText(/attempt 2.*200/);
    await expect(page.getByRole('region', { name: 'Critical path' })).toContainText('injected delay');
    await hops.nth(1).click();
    await expect(page.getByTestId('span-panel')).toContainText('The service was not slow.');
  } finally {
    await mesh.remove([FAULT]);
    await Promise.all([caller.stop(), echo.stop()]);
  }
});
