// A canary by the form alone: a header match, a mirror and CORS, applied, and seen in effect by requests.
import http from 'node:http';
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { BASE, CALLER, echo, split, untilServed } from '../src/echo-mesh.ts';
import { test } from './mesh-test.ts';
import { settled } from './pages.ts';
import { signIn } from './sign-in.ts';

const ARRIVES_WITHIN_MS = 20_000;
const ORIGIN = 'https://shop.example';

interface Answer {
  readonly servedBy: string;
  readonly allowedOrigin: string | undefined;
  /** How often the application has had the call that `x-call` names, copies included. */
  readonly times: number;
}

function call(outbound: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(outbound);
  return new Promise((resolve, reject) => {
    const options = { hostname, port, headers: { host: 'echo', ...headers }, timeout: 10_000 };
    const request = http.get(options, (response) => {
      response.resume();
      response.on('end', () =>
        resolve({
          servedBy: String(response.headers['x-served-by']),
          allowedOrigin: response.headers['access-control-allow-origin'],
          times: Number(response.headers['x-attempts']),
        }),
      );
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

/** Adds a filter by the menu of the rule. */
async function addAction(page: Page, rule: string, words: string): Promise<void> {
  await page.getByTestId(`rule-${rule}`).getByRole('button', { name: 'action' }).click();
  await page.getByRole('menuitem', { name: words }).first().click();
}

async function fillCanary(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Add rule' }).click();
  const name = page.getByLabel('Name of rule 2');
  await name.fill('canary');
  await name.press('Enter');
  const rule = page.getByTestId('rule-canary');
  await rule.getByRole('button', { name: 'only when' }).click();
  await page.getByRole('menuitem', { name: 'header' }).click();
  await rule.getByLabel('name of the header').fill('x-beta');
  await rule.getByLabel('value of the header x-beta').fill('true');
  await rule.getByRole('button', { name: 'split' }).click();
  await page.getByRole('menuitem', { name: 'v2' }).click();
  await rule.getByRole('button', { name: 'All to v2' }).click();
  await addAction(page, 'canary', 'Mirror to a version');
  await rule.getByLabel('Percent of requests that are mirrored').fill('100');
  await addAction(page, 'canary', 'Let other origins call (CORS)');
  await rule.getByLabel('Allowed origins').fill(ORIGIN);
}

test('a canary with a header match, a mirror and CORS is built by the form and takes effect', async ({
  page,
  mesh,
}) => {
  await mesh.apply(`${BASE}---\n${split(100, 0)}`);
  const [caller] = await Promise.all([mesh.join(CALLER), mesh.join(echo('v1')), mesh.join(echo('v2'))]);
  await untilServed(caller.outbound, 'echo', ['echo-v1']);
  await signIn(page, mesh);
  await page.goto('/routes/lab/echo');
  await settled(page);

  await test.step('build it', async () => {
    await fillCanary(page);
    await expect(page.getByTestId('findings')).toContainText('Valid');
  });

  await test.step('a mistake is shown at its field, and held back from Apply', async () => {
    const origins = page.getByTestId('rule-canary').getByLabel('Allowed origins');
    await origins.fill('shop.example');
    await expect(page.getByTestId('rule-canary').getByTestId('field-finding')).toContainText('scheme://host');
    await expect(page.getByRole('button', { name: /^Apply/ })).toBeDisabled();
    await origins.fill(ORIGIN);
    await expect(page.getByTestId('rule-canary').getByTestId('field-finding')).toHaveCount(0);
  });

  await test.step('form and YAML say the same', async () => {
    await page.getByRole('tab', { name: /^Diff/ }).click();
    const diff = page.getByLabel('What the draft changes');
    for (const line of ['name: canary', 'name: x-beta', 'type: RequestMirror', 'percent: 100', `- ${ORIGIN}`]) {
      await expect(diff).toContainText(line);
    }
  });

  await test.step('the tested request is taken by the canary, and says why', async () => {
    const tested = page.getByTestId('test-request');
    await tested.getByRole('button', { name: 'header' }).click();
    await tested.getByLabel('Name of the header').fill('x-beta');
    await tested.getByLabel('Value of the header x-beta').fill('true');
    await tested.getByRole('button', { name: 'Explain' }).click();
    await expect(tested.locator('[data-verdict="winner"]')).toContainText('canary');
    await expect(tested.locator('[data-verdict="winner"]')).toContainText('x-beta');
  });

  await test.step('no fault of accessibility', async () => {
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id} at ${nodes[0]?.target.join(' ')}`)).toEqual([]);
  });

  await test.step('apply', async () => {
    await page.getByRole('button', { name: /^Apply/ }).click();
    const propagation = page.getByTestId('propagation');
    await expect(page.getByPlaceholder('Nothing changed yet')).toBeVisible();
    await expect
      .poll(
        async () => (await propagation.getAttribute('data-active')) === (await propagation.getAttribute('data-total')),
        {
          timeout: ARRIVES_WITHIN_MS,
        },
      )
      .toBe(true);
  });

  await test.step('readers of the beta get v2, everybody else v1', async () => {
    const beta = { 'x-beta': 'true', origin: ORIGIN };
    await expect.poll(async () => (await call(caller.outbound, beta)).servedBy).toBe('echo-v2');
    expect((await call(caller.outbound, beta)).allowedOrigin).toBe(ORIGIN);
    expect((await call(caller.outbound, { ...beta, origin: 'https://other.example' })).allowedOrigin).toBeUndefined();
    expect((await call(caller.outbound)).servedBy).toBe('echo-v1');
  });

  await test.step('v1 gets a copy of what v2 answers', async () => {
    const once = { 'x-call': 'copied' };
    expect(await call(caller.outbound, { ...once, 'x-beta': 'true' })).toMatchObject({ servedBy: 'echo-v2', times: 1 });
    // The caller does not wait for the copy; each look at v1 is a call of its own.
    let looks = 0;
    await expect
      .poll(async () => {
        looks += 1;
        return (await call(caller.outbound, once)).times - looks;
      })
      .toBe(1);
  });
});
