// Signs in as a person does: by the form.
import { expect, type Page } from '@playwright/test';

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
  await expect(page.getByTestId('sync-pill')).toBeVisible();
}
