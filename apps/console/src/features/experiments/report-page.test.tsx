import { screen, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { renderOver } from '../../testing/render.tsx';
import { ReportPage } from './report-page.tsx';

vi.mock('next/navigation', () => ({
  useSearchParams: () => new URLSearchParams(),
  usePathname: () => '/resilience',
  useRouter: () => ({ push: () => undefined }),
}));

const id = '00000000-0000-4000-8000-000000000001';
const startedAtMs = Date.now() - 120_000;
const figures = { requests: 1_200, failures: 12, faulted: 0, p99Ms: 40 };
const phase = (fromMs: number, faulted: number) => ({
  ...{ fromMs, toMs: fromMs + 60_000, service: { ...figures, faulted } },
  callers: [{ ...figures, faulted, service: { namespace: 'shop', name: 'web' } }],
});
const result = { of: 'Callers', who: 'shop/web', what: 'success', bound: 99, requests: 1_200 };

const finished = {
  ...{ id, fault: 'FaultInjection/shop/catalog-fails', namespace: 'shop', name: 'catalog-fails' },
  ...{ target: { kind: 'Service', name: 'catalog', rule: null }, services: [{ namespace: 'shop', name: 'catalog' }] },
  ...{ effects: ['30 % answered with 503'], hypothesis: ['Each caller: at least 99 % succeed'] },
  ...{
    standing: 'finished',
    verdict: 'violated',
    verdictAtMs: null,
    startedAtMs,
    startedBy: 'ann',
    dueAtMs: startedAtMs + 60_000,
  },
  reason: 'During the fault, shop/web succeeded in 71.2 % of 1200 requests; the hypothesis says at least 99 %.',
  end: { atMs: startedAtMs + 60_000, by: 'the mesh', reason: 'its time was over' },
  report: {
    phases: { before: phase(startedAtMs - 60_000, 0), during: phase(startedAtMs, 360) },
    results: [
      { ...result, phase: 'before', measured: 99.9, outcome: 'held' },
      { ...result, phase: 'during', measured: 71.2, outcome: 'violated' },
    ],
  },
  range: { fromMs: startedAtMs - 60_000, toMs: startedAtMs + 120_000 },
  yaml: 'kind: FaultInjection\n',
};
const answers = {
  'session.me': { id: '1', email: 'o@x', name: 'Ann', role: 'operator' },
  'faults.list': { nowMs: Date.now(), faults: [] },
};

it('says the verdict and why, what was measured of each bound, and who was touched', async () => {
  renderOver({ ...answers, 'experiments.get': finished }, <ReportPage id={id} />);
  const report = await screen.findByTestId('experiment-report');
  expect(within(report).getByRole('heading', { level: 1 }).textContent).toContain('violated');
  expect(report.textContent).toContain('shop/web succeeded in 71.2 %');
  const hypothesis = within(report).getByRole('region', { name: 'Hypothesis' });
  expect(within(hypothesis).getByText(/^71\.2/).textContent).toContain('%');
  expect(within(hypothesis).getByRole('img', { name: 'violated' })).toBeTruthy();
  const touched = within(report).getByRole('region', { name: 'Who was touched' });
  expect(
    within(touched)
      .getAllByRole('row')
      .map((row) => row.firstElementChild?.textContent?.trim()),
  ).toEqual(['Service', 'shop/catalog target', 'shop/web']);
  expect(report.textContent).toContain('its time was over');
  expect(within(report).queryByText('At work')).toBeNull();
});

it('counts down while the fault is at work, and promises no verdict before its time', async () => {
  const running = {
    ...{ ...finished, standing: 'running', verdict: null, reason: '', end: null },
    ...{ dueAtMs: Date.now() + 30 * 60_000, verdictAtMs: Date.now() + 31 * 60_000 },
  };
  renderOver({ ...answers, 'experiments.get': running }, <ReportPage id={id} />);
  const work = await screen.findByRole('region', { name: 'At work' });
  expect(work.textContent).toMatch(/(30:00|2\d:\d\d)/);
  expect(screen.getByTestId('experiment-report').textContent).toContain('at the earliest');
});

it('says what failed when there is no such experiment', async () => {
  renderOver(answers, <ReportPage id={id} />);
  expect(await screen.findByText(/This experiment/)).toBeTruthy();
});
