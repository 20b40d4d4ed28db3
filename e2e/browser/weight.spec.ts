// What a page costs and how still it stands: JavaScript over the wire, and no shift of layout while figures move.
import { expect, type Page } from '@playwright/test';
import { test } from './mesh-test.ts';
import { settled } from './pages.ts';
import { signIn } from './sign-in.ts';

const BUDGET_BYTES = 250_000;
const WATCHED_MS = 8_000;
const PATHS = [
  '/',
  '/services',
  '/services/bookstore/reviews',
  '/routes',
  '/routes/bookstore/reviews',
  '/traces',
  '/changes',
  '/proxies',
  '/certificates',
  '/settings',
];

/** Bytes of scripts as they were sent, compressed, on a first visit; what is fetched ahead for other pages is left out. */
async function scriptBytes(page: Page, path: string): Promise<number> {
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await client.send('Network.setCacheDisabled', { cacheDisabled: true });
  const scripts = new Set<string>();
  let bytes = 0;
  client.on('Network.responseReceived', ({ requestId, type }) => {
    if (type === 'Script') scripts.add(requestId);
  });
  client.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (scripts.has(requestId)) bytes += encodedDataLength;
  });
  await page.route('**/*', (route) =>
    route.request().headers()['next-router-prefetch'] === undefined ? route.fallback() : route.abort(),
  );
  await page.goto(path);
  await settled(page);
  await page.unroute('**/*');
  await client.detach();
  return bytes;
}

test(`no page but the graph loads more than ${BUDGET_BYTES / 1_000} kB of JavaScript`, async ({ page, mesh }) => {
  await signIn(page, mesh);
  const heavy: string[] = [];
  for (const path of PATHS) {
    const bytes = await scriptBytes(page, path);
    const line = `${path} ${Math.round(bytes / 1_000)} kB`;
    test.info().annotations.push({ type: 'JavaScript', description: line });
    console.log(`    ${line}`);
    expect(bytes).toBeGreaterThan(0);
    if (bytes > BUDGET_BYTES) heavy.push(line);
  }
  expect(heavy).toEqual([]);
});

test('nothing moves from its place while live figures change', async ({ page, mesh }) => {
  await signIn(page, mesh);
  for (const path of ['/', '/services', '/services/bookstore/reviews']) {
    await page.goto(path);
    await settled(page);
    // Charts come in a chunk of their own; what is judged is the page that stands.
    await page.waitForTimeout(2_000);
    const shift = await page.evaluate(
      (watchedMs) =>
        new Promise<number>((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
          }).observe({ type: 'layout-shift' });
          setTimeout(() => resolve(sum), watchedMs);
        }),
      WATCHED_MS,
    );
    expect(shift, path).toBeLessThan(0.001);
  }
});
