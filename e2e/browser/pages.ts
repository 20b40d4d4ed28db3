// The console's pages as an operator meets them, and how to tell that each has its data.
import type { Page } from '@playwright/test';

export interface ConsolePage {
  readonly name: string;
  /** Opens it and waits until it shows data instead of placeholders. */
  open(page: Page): Promise<void>;
}

async function go(page: Page, path: string): Promise<void> {
  await page.goto(path);
  await settled(page);
}

/** No placeholder is left and nothing says that it is busy. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main, form').first().waitFor();
  await page.waitForFunction(() => document.querySelector('.skeleton, [aria-busy="true"]') === null);
}

/** A page with its dialog open. */
async function dialogOf(page: Page, path: string, button: string): Promise<void> {
  await go(page, path);
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('dialog').waitFor();
}

const POLICY_SUFFIX = { TrafficPolicy: '', RateLimit: '-limit', FaultInjection: '-fault' } as const;

/** Of the editor, of a policy for a service of the bookstore. */
export function policyPath(kind: keyof typeof POLICY_SUFFIX, service: string): string {
  return `/resilience/${kind}/bookstore/${service}${POLICY_SUFFIX[kind]}?target=Service%2F${service}`;
}

export const PAGES: readonly ConsolePage[] = [
  { name: 'overview', open: (page) => go(page, '/') },
  {
    name: 'topology',
    open: async (page) => {
      await go(page, '/topology');
      await page.getByTestId('graph-node').first().waitFor();
    },
  },
  {
    name: 'topology-edge',
    open: async (page) => {
      await go(page, '/topology');
      await page.getByTestId('graph-edge').filter({ visible: true }).first().focus();
      await page.keyboard.press('Enter');
      await page.getByTestId('side-panel').waitFor();
    },
  },
  { name: 'services', open: (page) => go(page, '/services') },
  { name: 'service', open: (page) => go(page, '/services/bookstore/reviews') },
  { name: 'routes', open: (page) => go(page, '/routes') },
  { name: 'route-editor', open: (page) => go(page, '/routes/bookstore/reviews') },
  { name: 'resilience', open: (page) => go(page, '/resilience') },
  { name: 'new-policy', open: (page) => dialogOf(page, '/resilience', 'New policy') },
  { name: 'new-experiment', open: (page) => dialogOf(page, '/resilience', 'New experiment') },
  // Stored or not: without one the editor begins with the first text for its target.
  { name: 'traffic-policy', open: (page) => go(page, policyPath('TrafficPolicy', 'ratings')) },
  { name: 'rate-limit', open: (page) => go(page, policyPath('RateLimit', 'frontend')) },
  { name: 'fault', open: (page) => go(page, policyPath('FaultInjection', 'reviews')) },
  { name: 'traces', open: (page) => go(page, '/traces') },
  {
    name: 'trace',
    open: async (page) => {
      await go(page, '/traces');
      await page.getByTestId('trace-row').first().getByRole('link').first().click();
      await page.getByTestId('trace-hop').first().waitFor();
      await settled(page);
    },
  },
  { name: 'changes', open: (page) => go(page, '/changes') },
  { name: 'change', open: (page) => go(page, '/changes/1') },
  { name: 'proxies', open: (page) => go(page, '/proxies') },
  { name: 'certificates', open: (page) => go(page, '/certificates') },
  { name: 'store-certificate', open: (page) => dialogOf(page, '/certificates', 'Store a certificate') },
  { name: 'settings', open: (page) => go(page, '/settings') },
];
