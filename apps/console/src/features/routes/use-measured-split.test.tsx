import { act, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { renderOver } from '../../testing/render.tsx';
import { useMeasuredSplit } from './use-measured-split.ts';

const BEFORE_MS = 1_000;
const AFTER_MS = 9_000;

function Shown({ sinceMs }: { readonly sinceMs: number }) {
  const measured = useMeasuredSplit({ namespace: 'shop', route: 'cart', rule: 'default', sinceMs });
  return <output>{measured === undefined ? 'not measured yet' : `${measured.total} requests`}</output>;
}

let moveOn: (sinceMs: number) => void;
function Moving() {
  const [sinceMs, setSinceMs] = useState(BEFORE_MS);
  moveOn = setSinceMs;
  return <Shown sinceMs={sinceMs} />;
}

it('shows nothing of the former split while counts since a new one are awaited', async () => {
  let answer: (split: object) => void = () => undefined;
  const later = new Promise<object>((resolve) => {
    answer = resolve;
  });
  const measured = (input: { sinceMs: number }) =>
    input.sinceMs === BEFORE_MS ? { sinceMs: BEFORE_MS, total: 5_000, backends: [] } : later;
  renderOver({ 'split.measured': measured }, <Moving />);
  await screen.findByText('5000 requests');
  act(() => moveOn(AFTER_MS));
  expect(screen.getByRole('status').textContent).toBe('not measured yet');
  answer({ sinceMs: AFTER_MS, total: 12, backends: [] });
  await screen.findByText('12 requests');
});
