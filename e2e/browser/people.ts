// Accounts as an administrator handles them in Settings.
import { expect, type Page } from '@playwright/test';
import type { Credentials } from './sign-in.ts';

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly role: 'viewer' | 'editor' | 'operator' | 'admin';
}

/** Adds a person; the password is what Malha shows once. */
export async function addPerson(admin: Page, { name, email, role }: Person): Promise<Credentials> {
  await admin.goto('/settings');
  await admin.getByRole('button', { name: 'Add a person' }).click();
  const dialog = admin.getByRole('dialog');
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('E-mail').fill(email);
  await dialog.getByLabel('Role').selectOption(role);
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  const shown = admin.getByRole('dialog', { name: 'A password, shown once' });
  const password = await shown.locator('pre').textContent();
  await shown.getByRole('button', { name: 'Done' }).click();
  await expect(shown).toBeHidden();
  return { email, password: password ?? '' };
}

export async function closeAccount(admin: Page, name: string): Promise<void> {
  await admin.goto('/settings');
  await admin.getByRole('button', { name: `More about ${name}` }).click();
  await admin.getByRole('menuitem', { name: 'Close the account' }).click();
  await expect(admin.getByRole('row', { name }).getByText('closed')).toBeVisible();
}
