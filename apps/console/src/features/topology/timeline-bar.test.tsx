import { fireEvent, screen } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { renderOver } from '../../testing/render.tsx';
import { TimelineBar } from './timeline-bar.tsx';
import type { Timeline } from './use-timeline.ts';

vi.mock('next/navigation', () => ({
  useSearchParams: () => new URLSearchParams(),
  usePathname: () => '/topology',
  useRouter: () => ({ push: () => undefined }),
}));

const START = 1_764_000_000_000;
const STEP = 5_000;

function timeline(over: Partial<Timeline> = {}): Timeline {
  const none: (number | null)[] = [null, null, null, null];
  return {
    series: {
      ...{ startMs: START, stepMs: STEP, requestsPerSecond: [4, 8, 8, 6], errorRate: [0, 0.5, 0, 0] },
      ...{ p50Ms: none, p95Ms: none, p99Ms: none },
    },
    ...{ isLiveRange: true, atMs: null, slice: undefined, isPlaying: false, speed: 2 },
    ...{ seek: vi.fn(), toggle: vi.fn(), setSpeed: vi.fn() },
    ...over,
  };
}

const change = { revision: 7, createdAtMs: START + 7_000, author: 'ann', message: 'x', objects: [] };
const answers = { 'changes.list': { items: [change] } };

it('seeks the end of the step that is chosen, and the last one is live', () => {
  const live = timeline();
  renderOver(answers, <TimelineBar timeline={live} />);
  const slider = screen.getByLabelText('Moment that the graph shows');
  expect(slider.getAttribute('aria-valuetext')).toBe('now, live');
  fireEvent.change(slider, { target: { value: '2' } });
  expect(live.seek).toHaveBeenCalledWith(START + 2 * STEP);
  const replayed = timeline({ atMs: START + 2 * STEP });
  renderOver(answers, <TimelineBar timeline={replayed} />);
  const again = screen.getByLabelText('Moment that the graph shows');
  expect(again.getAttribute('aria-valuetext')).toContain('50.0\u00a0% failed');
  fireEvent.change(again, { target: { value: '4' } });
  expect(replayed.seek).toHaveBeenCalledWith(null);
});

it('goes to the change before, one step on, so that its effect is in sight', async () => {
  const live = timeline();
  renderOver(answers, <TimelineBar timeline={live} />);
  expect(await screen.findByText('r7')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'To the change before' }));
  expect(live.seek).toHaveBeenCalledWith(START + 7_000 + STEP);
});
