// Browser tests on a whole mesh: one browser, one mesh, one test at a time.
import { defineConfig } from '@playwright/test';
import { findChromium } from '../scripts/setup/chromium.ts';

const chromium = findChromium();

export default defineConfig({
  testDir: './browser',
  outputDir: '../test-results/browser',
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  // As in vitest.all.config.ts; nothing in `passed` hides it: the summary of `npm test` names what needed it.
  retries: 1,
  timeout: 240_000,
  expect: { timeout: 45_000 },
  use: {
    viewport: { width: 1440, height: 900 },
    colorScheme: 'dark',
    screenshot: 'only-on-failure',
    launchOptions: { chromiumSandbox: false, ...(chromium !== undefined && { executablePath: chromium }) },
  },
});
