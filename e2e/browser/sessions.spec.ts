// Signing in: what a stranger learns from a refusal, where one is led, and when a session ends.
import { expect } from '@playwright/test';
import { test } from './mesh-test.ts';
import { addPerson, closeAccount } from './people.ts';
import { fillSignIn, signIn } from './sign-in.ts';

const REFUSED = /E-mail and password do not fit/;
const ENDS_WITHIN_MS = 15_000;

test('a refusal tells a stranger nothing', async ({ page, mesh }) => {
  await page.goto('/sign-in');
  const alert = page.getByRole('alert').filter({ hasText: REFUSED });
  await fillSignIn(page, { email: mesh.email, password: 'not-this-one' });
  await expect(alert).toBeVisible();
  const known = await alert.textContent();
  await fillSignIn(page, { email: 'nobody@malha.local', password: 'not-this-one' });
  await expect(alert).toBeVisible();
  expect(await alert.textContent()).toBe(known);
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('who is not signed in is led to the form and back', async ({ page, mesh }) => {
  await page.goto('/topology?view=version');
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await fillSignIn(page, mesh);
  await expect(page).toHaveURL(/\/topology\?view=version$/);
  await expect(page.getByTestId('graph-node').first()).toBeVisible();
});

test('an address of another site is not followed after signing in', async ({ page, mesh }) => {
  await page.goto('/sign-in?next=//example.com/');
  await fillSignIn(page, mesh);
  await expect(page.getByTestId('sync-pill')).toBeVisible();
  expect(new URL(page.url()).origin).toBe(mesh.consoleUrl);
});

test('a session ends when its account is closed', async ({ page, browser, mesh }) => {
  await signIn(page, mesh);
  const rui = await addPerson(page, { name: 'Rui Viewer', email: 'rui@malha.local', role: 'viewer' });
  const context = await browser.newContext({ baseURL: mesh.consoleUrl });
  const other = await context.newPage();
  await signIn(other, rui);
  await other.goto('/settings');
  await expect(other.getByText('You may look elsewhere, not here')).toBeVisible();

  await closeAccount(page, 'Rui Viewer');
  await expect(other).toHaveURL(/\/sign-in\?reason=ended/, { timeout: ENDS_WITHIN_MS });
  await expect(other.getByText('Your session has ended')).toBeVisible();
  await fillSignIn(other, rui);
  await expect(other.getByRole('alert').filter({ hasText: REFUSED })).toBeVisible();
  await context.close();
});
