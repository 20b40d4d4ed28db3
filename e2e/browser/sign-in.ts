// Signs in as a person does: by the form.
import type { Page } from '@playwright/test';

/** The first page after signing in reads everything anew. */
const SHOWN_WITHIN_MS = 60_000;

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export async function fillSignIn(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

export async function signIn(page: Page, credentials: Credentials): Promise<void> {
  await page.goto('/sign-in');
  await fillSignIn(page, credentials);
  await page.getByTestId('sync-pill').waitFor({ timeout: SHOWN_WITHIN_MS });
}
