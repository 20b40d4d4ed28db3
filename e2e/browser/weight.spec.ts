// What a page costs and how still it stands: JavaScript until it can be used, and no shift of layout while figures move.
import { gzipSync } from 'node:zlib';
import { expect, type Page } from '@playwright/test';
import { test } from './mesh-test.ts';
import { policyPath, settled } from './pages.ts';
import { signIn } from './sign-in.ts';

const BUDGET_BYTES = 250_000;
/** The pages that read and write routes and policies carry the YAML reader. */
const EDITING_BUDGET_BYTES = 300_000;
const EDITING = /^\/(routes|resilience\/)/;
/** Smaller answers are sent as they are. */
const COMPRESSED_FROM = 1_024;
const WATCHED_MS = 8_000;
const NOBODY = '00000000-0000-4000-8000-000000000000';
const PATHS = [
  '/',
  '/services',
  '/services/bookstore/reviews',
  '/routes',
  '/routes/bookstore/reviews',
  '/resilience',
  policyPath('TrafficPolicy', 'ratings'),
  // Whether there is such a thing or not: the page carries the same.
  `/resilience/experiments/${NOBODY}`,
  '/traces',
  `/traces/${NOBODY.replaceAll('-', '')}`,
  '/changes',
  '/proxies',
  '/certificates',
  '/settings',
];

const SCRIPT = /<script[^>]*\bsrc="([^"]+\.js)"[^>]*>/g;

/** Compressed bytes of what a page needs before it can be used; charts, graph and text editor come after it. */
async function scriptBytes(page: Page, path: string): Promise<number> {
  const html = await (await page.request.get(path)).text();
  const sources = [...html.matchAll(SCRIPT)].filter(([tag]) => !/nomodule/i.test(tag)).map(([, source = '']) => source);
  let bytes = 0;
  for (const source of new Set(sources)) {
    const response = await page.request.get(source);
    const body = await response.body();
    if (body.length > COMPRESSED_FROM) expect(response.headers()['content-encoding'], source).toBe('gzip');
    bytes += gzipSync(body).length;
  }
  return bytes;
}

test('no page needs more JavaScript than its budget', async ({ page, mesh }) => {
  await signIn(page, mesh);
  const heavy: string[] = [];
  for (const path of PATHS) {
    const bytes = await scriptBytes(page, path);
    const line = `${path} ${Math.round(bytes / 1_000)} kB`;
    test.info().annotations.push({ type: 'JavaScript', description: line });
    console.log(`    ${line}`);
    expect(bytes).toBeGreaterThan(0);
    if (bytes > (EDITING.test(path) ? EDITING_BUDGET_BYTES : BUDGET_BYTES)) heavy.push(line);
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
