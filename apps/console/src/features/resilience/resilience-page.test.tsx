import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { renderOver } from '../../testing/render.tsx';
import { ResiliencePage } from './resilience-page.tsx';
import type { ProtectedEdge } from './use-resilience.ts';

vi.mock('next/navigation', () => ({
  useSearchParams: () => new URLSearchParams(window.location.search),
  usePathname: () => '/resilience',
  useRouter: () => ({ push: () => undefined }),
}));

const LOADED_WITHIN_MS = 30_000;
const retry = { attempts: 1, backoffBaseMs: 25, backoffMaxMs: 250, budgetPercent: 20, budgetMinConcurrent: 3 };
const edge: ProtectedEdge = {
  ...{ id: 'a>b', source: { namespace: 'shop', name: 'frontend' }, target: { namespace: 'shop', name: 'cart' } },
  protection: {
    connectTimeoutMs: 5_000,
    limits: { maxConnections: 1_024, maxPending: 1_024, maxRequests: 1_024 },
    outlierDetection: null,
    breaker: null,
    rule: { rule: 'shop/cart/default', requestTimeoutMs: 2_000, attemptTimeoutMs: 1_000, breaker: null, retry },
    differing: 0,
  },
  ...{ requestsPerSecond: 100, errorRate: 0, retriesPerSecond: 4, budgetUsed: 0.2, refusedPerSecond: 0 },
  ...{
    timedOutPerSecond: 0,
    exhaustedPerSecond: 0,
    limitedPerSecond: 0,
    shedPerSecond: 0,
    concerns: ['attempts-do-not-fit'],
  },
};

const nowMs = Date.now();
const fault = {
  ...{ key: 'FaultInjection/shop/slow', namespace: 'shop', name: 'slow', effects: ['5 % delayed by 400ms'] },
  ...{ target: { kind: 'Service', name: 'cart', rule: null }, startedBy: 'ann', isRunning: true },
  ...{ startedAtMs: nowMs - 60_000, endsAtMs: nowMs + 600_000 },
};

const answers = {
  'resilience.edges': [edge],
  'faults.list': { nowMs, faults: [fault] },
  'session.me': { id: '1', email: 'o@x', name: 'Ann', role: 'viewer' },
};

it('says where protection does not hold, and how much of the budget is used', async () => {
  renderOver(answers, <ResiliencePage />);
  expect((await screen.findByRole('heading', { level: 1 })).textContent).toBe('Resilience ');
  const row = await screen.findByTestId('protection-a>b');
  expect(within(row).getByText('2 attempts of 1 s do not fit in 2 s')).toBeTruthy();
  expect(within(row).getByText('20.0 %')).toBeTruthy();
  expect(screen.getByRole('heading', { level: 1 }).textContent).toContain('Protection holds, except one:');
});

it('lets a viewer see running faults, and not stop them', async () => {
  renderOver(answers, <ResiliencePage />);
  const item = await screen.findByTestId('fault-shop-slow');
  expect(item.textContent).toContain('5 % delayed by 400ms');
  const stop = screen.getByRole('button', { name: 'Stop it now' });
  expect(stop.getAttribute('disabled')).not.toBeNull();
  fireEvent.click(stop);
  expect(screen.getByTestId('fault-shop-slow')).toBeTruthy();
});

it(
  'begins an experiment in a dialog of its own, for operators',
  async () => {
    const operator = { id: '1', email: 'o@x', name: 'Ann', role: 'operator' };
    renderOver({ ...answers, 'session.me': operator, 'services.list': [] }, <ResiliencePage />);
    const begin = await screen.findByRole('button', { name: 'New experiment' });
    await waitFor(() => expect(begin.getAttribute('disabled')).toBeNull());
    fireEvent.click(begin);
    // The dialog is loaded when it is opened.
    const dialog = await screen.findByRole('dialog', { name: 'New experiment' }, { timeout: LOADED_WITHIN_MS });
    expect(dialog.textContent).toContain('A fault with a hypothesis');
    expect(dialog.textContent).not.toContain('Traffic policy');
  },
  LOADED_WITHIN_MS,
);

it('explains itself where nothing was called', async () => {
  renderOver({ ...answers, 'resilience.edges': [] }, <ResiliencePage />);
  expect(await screen.findByText('No calls in this time')).toBeTruthy();
});

it('shows the limit that a service has learned, and what it sheds', async () => {
  const overload = {
    ...{ service: { namespace: 'shop', name: 'cart' }, port: 8080, proxies: 1, full: 1, limit: 12, inFlight: 12 },
    ...{ waiting: 5, minConcurrency: 1, maxConcurrency: 1_000, baselineMs: 20 },
  };
  const standing = { nowMs, breakers: [], ejected: [], overloads: [overload], proxies: 2, endpointsOf: {} };
  const edges = [{ ...edge, shedPerSecond: 3 }];
  renderOver({ ...answers, 'resilience.edges': edges, 'resilience.standing': standing }, <ResiliencePage />);
  const item = await screen.findByTestId('overload-cart');
  expect(item.textContent).toContain('12 of 12');
  expect(item.textContent).toContain('5 wait. 3.00/s are shed');
});
