// An experiment as an operator lives it: its countdown on every page, one button that stops it, and its report.
import { randomBytes } from 'node:crypto';
import AxeBuilder from '@axe-core/playwright';
import { expect } from '@playwright/test';
import { test } from './mesh-test.ts';
import { settled } from './pages.ts';
import { signIn } from './sign-in.ts';

/** Another one at each try: a fault that has ended does not begin anew. */
const NAME = `slow-reviews-${randomBytes(3).toString('hex')}`;
const EXPERIMENT = `apiVersion: malha.dev/v1
kind: FaultInjection
metadata: {name: ${NAME}, namespace: bookstore}
spec:
  targetRef: {kind: Service, name: reviews}
  delay: {percent: 50, duration: 60ms}
  expiresAfter: 30m
  experiment:
    hypothesis: [{of: Callers, minSuccessPercent: 1}]
    minRequests: 1
    before: 10s
    after: 10s
`;
/** Until enough was measured for the steady state to be known. */
const ACCEPTED_WITHIN_MS = 90_000;
const JUDGED_WITHIN_MS = 90_000;

test.afterEach(({ mesh }) => mesh.remove([`FaultInjection/bookstore/${NAME}`]).catch(() => undefined));

test('an experiment counts down wherever one looks, is stopped by one button, and leaves a report', async ({
  page,
  mesh,
}) => {
  await expect(() => mesh.apply(EXPERIMENT, 'Reviews are slow')).toPass({ timeout: ACCEPTED_WITHIN_MS });
  await signIn(page, mesh);
  const strip = page.getByTestId('running-faults');

  await test.step('the overview counts down', async () => {
    await expect(strip).toContainText('1 fault running');
    await expect(strip).toContainText(NAME);
    await expect(strip).toContainText(/(30:00|2\d:\d\d)/);
  });

  await test.step('the topology has the button; it asks before it stops', async () => {
    await page.getByRole('link', { name: 'Topology' }).click();
    await page.getByTestId('graph-node').first().waitFor();
    await strip.getByRole('button', { name: 'Stop it now' }).click();
    const dialog = page.getByRole('dialog', { name: 'Stop 1 fault now?' });
    await expect(dialog).toContainText(`bookstore/${NAME}`);
    await dialog.getByRole('button', { name: 'Stop it' }).click();
    await expect(page.getByText('1 fault stopped')).toBeVisible();
    await expect(strip).toBeHidden();
  });

  await test.step('the report says what came of it', async () => {
    await page.getByRole('link', { name: 'Resilience' }).first().click();
    await page.getByTestId(`experiment-bookstore-${NAME}`).getByRole('link', { name: NAME }).click();
    const report = page.getByTestId('experiment-report');
    await expect(report.getByRole('heading', { level: 1 })).toContainText('inconclusive', {
      timeout: JUDGED_WITHIN_MS,
    });
    await expect(report).toContainText('ended it before its time');
    await expect(report.getByRole('region', { name: 'Hypothesis' })).toContainText('bookstore/frontend');
    await expect(report.getByRole('region', { name: 'Who was touched' })).toContainText('bookstore/reviews');
    await expect(report.getByRole('region', { name: 'Over time' }).getByRole('figure')).toHaveCount(2);
    await settled(page);
    const { violations } = await new AxeBuilder({ page }).include('[data-testid="experiment-report"]').analyze();
    expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});
