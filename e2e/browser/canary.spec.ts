// The deed that the console is for: a canary from 0 to 30 %, seen to arrive, measured, and taken back.
import { expect, type Page } from '@playwright/test';
import { setShopperRate, test } from './mesh-test.ts';
import { signIn } from './sign-in.ts';

const WEIGHT = 30;
const TOLERANCE = 3;
const REQUESTS = 5_000;
const VISITS_PER_SECOND = 150;
const MEASURED_WITHIN_MS = 120_000;
const ARRIVES_WITHIN_MS = 20_000;

test.afterEach(({ mesh }) => setShopperRate(mesh, 60));

async function openRoute(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Topology' }).click();
  const edges = page.getByTestId('graph-edge');
  const reviews = edges.and(page.getByRole('button', { name: /^frontend to reviews: [1-9]/ }));
  await expect(reviews).toBeVisible();
  // Live: the figure on the edge changes while we look.
  const before = await reviews.textContent();
  await expect(reviews).not.toHaveText(before ?? '', { timeout: 30_000 });
  await page
    .getByTestId('graph-node')
    .and(page.getByRole('button', { name: /^bookstore\/reviews,/ }))
    .click();
  await page.getByTestId('side-panel').getByRole('link', { name: 'Edit route' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'reviews' })).toBeVisible();
}

async function expectArrived(page: Page, revision: number): Promise<void> {
  const propagation = page.getByTestId('propagation');
  await expect(propagation).toHaveAttribute('data-revision', String(revision), { timeout: ARRIVES_WITHIN_MS });
  const total = await propagation.getAttribute('data-total');
  expect(Number(total)).toBeGreaterThanOrEqual(9);
  await expect(propagation).toHaveAttribute('data-active', total ?? '', { timeout: ARRIVES_WITHIN_MS });
}

/** What proxies counted since the revision that is shown was active on every one of them. */
async function measured(page: Page, requests: number): Promise<{ total: number; percentOfV2: number }> {
  const total = page.getByTestId('rule-default').getByTestId('measured-total');
  await expect
    .poll(async () => Number(await total.getAttribute('data-total')), { timeout: MEASURED_WITHIN_MS, intervals: [500] })
    .toBeGreaterThanOrEqual(requests);
  const share = await page.getByTestId('rule-default').getByTestId('measured-v2').textContent();
  return { total: Number(await total.getAttribute('data-total')), percentOfV2: Number.parseFloat(share ?? '') };
}

test('a canary goes from 0 to 30 %, is measured, and is taken back', async ({ page, mesh }) => {
  await signIn(page, mesh);
  await openRoute(page);
  const { revision: before } = await mesh.admin<{ revision: number }>('GET', '/revision');
  await setShopperRate(mesh, VISITS_PER_SECOND);

  await test.step('drag the slider, then step to 30 % by keys', async () => {
    const slider = page.getByRole('slider', { name: 'Weight of v2' });
    await expect(slider).toHaveAttribute('aria-valuenow', '0');
    const box = await slider.boundingBox();
    if (box === null) throw new Error('the slider has no box');
    await page.mouse.move(box.x + 1, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.15, box.y + box.height / 2, { steps: 4 });
    await page.mouse.move(box.x + box.width * 0.29, box.y + box.height / 2, { steps: 4 });
    await page.mouse.up();
    await expect(slider).toHaveAttribute('aria-valuenow', /^(28|29)$/);
    await slider.focus();
    for (let step = Number(await slider.getAttribute('aria-valuenow')); step < WEIGHT; step += 1) {
      await page.keyboard.press('ArrowRight');
    }
    await expect(slider).toHaveAttribute('aria-valuenow', String(WEIGHT));
    await expect(page.getByRole('slider', { name: 'Weight of v1' })).toHaveAttribute('aria-valuenow', '70');
  });

  await test.step('review the difference', async () => {
    await page.getByRole('tab', { name: /^Diff/ }).click();
    const diff = page.getByLabel('What the draft changes');
    await expect(diff).toContainText('weight: 70');
    await expect(diff).toContainText('weight: 30');
    await expect(page.getByTestId('findings')).toContainText('Valid');
  });

  await test.step('apply, and see every proxy take it', async () => {
    await page.getByLabel('Message').fill('reviews: v2 to 30 %');
    await page.getByRole('button', { name: /^Apply/ }).click();
    await expectArrived(page, before + 1);
  });

  await test.step(`the measured split settles at ${WEIGHT} ± ${TOLERANCE} %`, async () => {
    const split = await measured(page, REQUESTS);
    test.info().annotations.push({ type: 'measured', description: `${split.percentOfV2} % of ${split.total}` });
    expect(Math.abs(split.percentOfV2 - WEIGHT)).toBeLessThanOrEqual(TOLERANCE);
  });

  await test.step('take it back in Changes', async () => {
    await page.getByRole('link', { name: 'Changes' }).click();
    const change = page.getByTestId(`change-${before + 1}`);
    await expect(change).toContainText('reviews: v2 to 30 %');
    await change.click();
    // The list shows the newest change already: its dialog would go with the page that is left.
    await expect(page).toHaveURL(new RegExp(`/changes/${before + 1}\\b`));
    await page.getByTestId('change-detail').getByRole('button', { name: 'Take back' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: `Take back r${before + 1}` })
      .click();
    await expect(page.getByTestId(`change-${before + 2}`)).toBeVisible();
  });

  await test.step('nothing reaches v2 any more', async () => {
    await page.getByRole('link', { name: 'Routes' }).click();
    await page.getByTestId('route-bookstore-reviews').getByRole('link', { name: 'bookstore/reviews' }).click();
    await expectArrived(page, before + 2);
    await expect(page.getByRole('slider', { name: 'Weight of v2' })).toHaveAttribute('aria-valuenow', '0');
    const split = await measured(page, REQUESTS / 5);
    expect(split.percentOfV2).toBe(0);
  });
});
