import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { renderOver } from '../../testing/render.tsx';
import { RunningFaults } from './running-faults.tsx';

vi.mock('next/navigation', () => ({
  useSearchParams: () => new URLSearchParams(),
  usePathname: () => '/',
  useRouter: () => ({ push: () => undefined }),
}));

const nowMs = Date.now();
const MINUTE = 60_000;
const faultOf = (name: string, over: object = {}) => ({
  ...{ key: `FaultInjection/shop/${name}`, namespace: 'shop', name, effects: ['5 % delayed by 400ms'] },
  ...{ target: { kind: 'Service', name: 'cart', rule: null }, startedBy: 'ann', isRunning: true },
  ...{ startedAtMs: nowMs - MINUTE, endsAtMs: nowMs + 30 * MINUTE, ...over },
});
const operator = { id: '1', email: 'o@x', name: 'Ann', role: 'operator' };

it('shows which faults are at work and how long still, and none that is over', async () => {
  const faults = [faultOf('slow'), faultOf('over', { endsAtMs: nowMs - 1 }), faultOf('ended', { isRunning: false })];
  renderOver({ 'faults.list': { nowMs, faults }, 'session.me': operator }, <RunningFaults />);
  const strip = await screen.findByTestId('running-faults');
  expect(strip.textContent).toContain('1 fault running');
  expect(within(strip).getAllByRole('listitem')).toHaveLength(1);
  expect(strip.textContent).toMatch(/slow.*(30:00|2\d:\d\d).*left/);
});

it('is not there while nothing is injected', async () => {
  let asked = 0;
  const list = () => {
    asked++;
    return { nowMs, faults: [] };
  };
  renderOver({ 'faults.list': list, 'session.me': operator }, <RunningFaults />);
  await waitFor(() => expect(asked).toBeGreaterThan(0));
  expect(screen.queryByTestId('running-faults')).toBeNull();
});

it('stops all of them by one button, after it has asked', async () => {
  const stopAll = vi.fn(() => ({ revision: 7, stopped: ['FaultInjection/shop/slow', 'FaultInjection/shop/broken'] }));
  const faults = [faultOf('slow'), faultOf('broken')];
  renderOver(
    { 'faults.list': { nowMs, faults }, 'session.me': operator, 'faults.stopAll': stopAll },
    <RunningFaults />,
  );
  const button = await screen.findByRole('button', { name: 'Stop all now' });
  await waitFor(() => expect(button.getAttribute('disabled')).toBeNull());
  fireEvent.click(button);
  const dialog = await screen.findByRole('dialog', { name: 'Stop 2 faults now?' });
  expect(dialog.textContent).toContain('shop/slow');
  expect(stopAll).not.toHaveBeenCalled();
  fireEvent.click(within(dialog).getByRole('button', { name: 'Stop all' }));
  await waitFor(() => expect(stopAll).toHaveBeenCalledTimes(1));
});
