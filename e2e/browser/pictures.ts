// Takes a picture of every page in both themes and three sizes, on real data:
// `npm run pictures [-- [--theme dark] [--width 1440] page…]`.
// Without MALHA_CONSOLE_URL and MALHA_PASSWORD it starts a mesh of its own.
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startMesh } from '@malha/testing/started-mesh';
import { type Browser, chromium } from '@playwright/test';
import { ensureChromium } from '../../scripts/setup/chromium.ts';
import { PAGES } from './pages.ts';
import { type Credentials, signIn } from './sign-in.ts';

const OUT = path.resolve(import.meta.dirname, '../../test-results/pictures');
const ALL_SIZES = [
  { width: 1280, height: 720 },
  { width: 1440, height: 900 },
  { width: 1920, height: 1080 },
];
const ALL_THEMES = ['dark', 'light'] as const;
/** So that charts have something to show. */
const TRAFFIC_FOR_MS = 90_000;
const NETWORK = 110;
const SHOWN_WITHIN_MS = 90_000;

interface Target extends Credentials {
  readonly url: string;
  stop(): Promise<void>;
}

async function target(): Promise<Target> {
  const { MALHA_CONSOLE_URL: url, MALHA_EMAIL: email = 'admin@malha.local', MALHA_PASSWORD: password } = process.env;
  if (url !== undefined && password !== undefined) return { url, email, password, stop: async () => undefined };
  const mesh = await startMesh({ bookstore: true, network: NETWORK });
  await sleep(TRAFFIC_FOR_MS);
  return { url: mesh.consoleUrl, email: mesh.email, password: mesh.password, stop: () => mesh.stop() };
}

async function take(browser: Browser, mesh: Target, theme: 'dark' | 'light'): Promise<void> {
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  const context = await browser.newContext({ baseURL: mesh.url, colorScheme: theme, reducedMotion: 'reduce' });
  context.setDefaultTimeout(SHOWN_WITHIN_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => console.error(`  ${page.url()}: ${error.message}`));
  const shoot = async (name: string) => {
    for (const size of sizes) {
      await page.setViewportSize(size);
      // Charts and the graph measure their box a frame later.
      await sleep(400);
      await page.screenshot({ path: path.join(OUT, `${name}-${theme}-${size.width}.png`) });
    }
    console.log(`  ${name}, ${theme}`);
  };
  await page.goto('/sign-in');
  if (isWanted('sign-in')) await shoot('sign-in');
  await signIn(page, mesh);
  for (const { name, open } of PAGES.filter((each) => isWanted(each.name))) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await open(page);
    await sleep(1_500);
    await shoot(name);
  }
  await context.close();
}

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { theme: { type: 'string' }, width: { type: 'string' } },
});
const sizes = ALL_SIZES.filter(({ width }) => values.width === undefined || values.width === String(width));
const themes = ALL_THEMES.filter((theme) => values.theme === undefined || values.theme === theme);
fs.mkdirSync(OUT, { recursive: true });
const mesh = await target();
const browser = await chromium.launch({ executablePath: ensureChromium(), chromiumSandbox: false });
try {
  for (const theme of themes) await take(browser, mesh, theme);
} finally {
  await browser.close();
  await mesh.stop();
}
console.log(`\n${OUT}`);
