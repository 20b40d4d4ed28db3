// Every page in both themes: axe finds no fault of any weight.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import { test } from './mesh-test.ts';
import { PAGES } from './pages.ts';
import { signIn } from './sign-in.ts';

async function violationsOn(page: Page, name: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => `${name}: ${impact} ${id} at ${node.target.join(' ')}`),
  );
}

/** Axe walks every page as a whole. */
const WITHIN_MS = 600_000;

for (const theme of ['dark', 'light'] as const) {
  test(`no page has a fault of accessibility, ${theme}`, async ({ page, mesh }) => {
    test.setTimeout(WITHIN_MS);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.goto('/sign-in');
    const found = await violationsOn(page, 'sign-in');
    await signIn(page, mesh);
    for (const { name, open } of PAGES) {
      await test.step(name, async () => {
        await open(page);
        found.push(...(await violationsOn(page, name)));
      });
    }
    expect(found).toEqual([]);
  });
}
