// A denied call: its trace names the policy to who may see it, and to nobody else.
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import { expect, type Page } from '@playwright/test';
import { test } from './mesh-test.ts';
import { addPerson } from './people.ts';
import { signIn } from './sign-in.ts';

const POLICY = 'ratings-from-reviews';
const PROBE = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: probe, namespace: bookstore}
spec: {selector: {app: probe}, ports: [{name: http, port: 80, targetPort: 9080, appProtocol: http}]}
`;
const ECHO = [process.execPath, path.resolve(import.meta.dirname, '../src/echo.mjs')];

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A request whose trace is kept: the caller asks for it. */
function call(outbound: string, host: string, traceId: string): Promise<Answer> {
  const { hostname, port } = new URL(outbound);
  const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
  return new Promise((resolve, reject) => {
    const request = http.get({ hostname, port, headers: { host, traceparent }, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          text: JSON.stringify(response.headers) + Buffer.concat(chunks).toString(),
        }),
      );
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

async function openTrace(page: Page, traceId: string): Promise<void> {
  await expect(async () => {
    await page.goto(`/traces/${traceId}`);
    await expect(page.getByTestId('span-panel')).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 45_000 });
}

test('a denied call’s trace names the policy to the operator only', async ({ page, browser, mesh }) => {
  await mesh.apply(PROBE, 'A service that may call nobody');
  const probe = await mesh.join({ service: 'bookstore/probe', workload: 'probe', command: ECHO });
  const traceId = randomBytes(16).toString('hex');
  let answer: Answer = { status: 0, text: '' };
  await expect
    .poll(
      async () => {
        answer = await call(probe.outbound, 'ratings', traceId);
        return answer.status;
      },
      { timeout: 30_000 },
    )
    .toBe(403);
  expect(answer.text).not.toContain(POLICY);

  await signIn(page, mesh);
  await openTrace(page, traceId);
  const panel = page.getByTestId('span-panel');
  await expect(page.getByText(/^Failed at/)).toContainText('ratings');
  await expect(panel).toContainText(`Decided by policy bookstore/${POLICY}`);

  const ana = await addPerson(page, { name: 'Ana Viewer', email: 'ana@malha.local', role: 'viewer' });
  const context = await browser.newContext({ baseURL: mesh.consoleUrl });
  const viewer = await context.newPage();
  await signIn(viewer, ana);
  await openTrace(viewer, traceId);
  await expect(viewer.getByRole('heading', { level: 1 })).toContainText('GET');
  await expect(viewer.locator('body')).not.toContainText(POLICY);
  await context.close();
  await probe.stop();
});
