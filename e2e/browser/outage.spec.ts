// The control plane and Postgres away: the console says so in words, keeps its figures, and heals by itself.
import fs from 'node:fs';
import { expect } from '@playwright/test';
import { test } from './mesh-test.ts';
import { signIn } from './sign-in.ts';

const SAID_WITHIN_MS = 45_000;
const HEALED_WITHIN_MS = 60_000;

test('the control plane stands still: the page says so, keeps its figures and comes back', async ({ page, mesh }) => {
  await signIn(page, mesh);
  await expect(page.getByRole('row', { name: /bookstore\/frontend/ })).toBeVisible();
  process.kill(mesh.pid('control-plane'), 'SIGSTOP');
  try {
    const banner = page.getByRole('status').filter({ hasText: 'Not connected to the control plane' });
    await expect(banner).toBeVisible({ timeout: SAID_WITHIN_MS });
    await expect(banner).toContainText('Traffic is not affected');
    await expect(page.getByRole('row', { name: /bookstore\/frontend/ })).toBeVisible();
    process.kill(mesh.pid('control-plane'), 'SIGCONT');
    await expect(banner).toBeHidden({ timeout: HEALED_WITHIN_MS });
    await expect(page.getByTestId('sync-pill')).toContainText('in sync', { timeout: HEALED_WITHIN_MS });
  } finally {
    process.kill(mesh.pid('control-plane'), 'SIGCONT');
  }
});

/** Postgres answers nobody until it goes on: its server stands still, its sessions are gone. */
function takePostgresAway(postmaster: number): () => void {
  process.kill(postmaster, 'SIGSTOP');
  for (const pid of childrenOf(postmaster)) process.kill(pid, 'SIGKILL');
  return () => process.kill(postmaster, 'SIGCONT');
}

function childrenOf(parent: number): readonly number[] {
  return fs.readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // "pid (name) state ppid …"; the name may hold anything but the last parenthesis.
      const stat = fs.readFileSync(`/proc/${name}/stat`, 'utf8');
      const [, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(ppid) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

test('Postgres is away: the console is read-only, says so, and heals', async ({ page, mesh }) => {
  await signIn(page, mesh);
  const bringBack = takePostgresAway(mesh.postgresPid());
  try {
    const banner = page.getByRole('status').filter({ hasText: 'Postgres is away: read-only' });
    await expect(banner).toBeVisible({ timeout: SAID_WITHIN_MS });
    bringBack();
    await expect(banner).toBeHidden({ timeout: HEALED_WITHIN_MS });
    await expect(page.getByTestId('sync-pill')).toContainText('in sync', { timeout: HEALED_WITHIN_MS });
  } finally {
    bringBack();
  }
});
