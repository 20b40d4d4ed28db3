// The form of a policy over a draft that it edits.
import { fireEvent, screen, within } from '@testing-library/react';
import { useState } from 'react';
import { expect, it, vi } from 'vitest';
import { FieldFindings } from '#features/routes/index.ts';
import { renderOver } from '../../../testing/render.tsx';
import type { PolicyKind } from '../model/kinds.ts';
import { newPolicyYaml } from '../model/new-policy.ts';
import { readPolicy, writeSpec } from '../model/policy.ts';
import type { PolicyDraft } from '../use-policy.ts';
import { PolicyForm } from './policy-form.tsx';

vi.mock('next/navigation', () => ({
  useSearchParams: () => new URLSearchParams(window.location.search),
  usePathname: () => '/resilience/x',
  useRouter: () => ({ push: () => undefined }),
}));

const answers = { 'resources.list': { items: [] }, 'services.list': [] };
const TARGET = { kind: 'Service', name: 'reviews', rule: '' };

let text = '';

function Harness({ kind, isReadOnly = false }: { readonly kind: PolicyKind; readonly isReadOnly?: boolean }) {
  const [now, setNow] = useState(newPolicyYaml({ kind, namespace: 'shop', name: 'x', target: TARGET }));
  text = now;
  const reading = readPolicy(now);
  if (!reading.ok) throw new Error(reading.problem.message);
  const draft = {
    ...{ text: now, reading, baseView: reading.view, isChanged: false },
    set: (path, value) => setNow((old) => writeSpec(old, path, value)),
  } as Partial<PolicyDraft> as PolicyDraft;
  const finding = { code: 'MALHA1001', severity: 'error' as const, path: 'spec.retries.attempts', message: 'too many' };
  return (
    <FieldFindings findings={[finding]} kind={kind}>
      <PolicyForm draft={draft} view={reading.view} isReadOnly={isReadOnly} banner={null} onLine={() => undefined} />
    </FieldFindings>
  );
}

it('writes a field that makes sense, shows the default that it replaces, and takes it away again', async () => {
  renderOver(answers, <Harness kind="TrafficPolicy" />);
  const section = await screen.findByTestId('section-retries');
  const pause = within(section).getByLabelText('First pause');
  expect(pause.getAttribute('placeholder')).toBe('25ms');
  fireEvent.change(pause, { target: { value: 'soon' } });
  expect(within(section).getByText(/is no duration/)).toBeTruthy();
  expect(text).not.toContain('backoff');
  fireEvent.change(pause, { target: { value: '100ms' } });
  expect(text).toContain('base: 100ms');
  expect(within(section).getByText('default: 25ms')).toBeTruthy();
  fireEvent.change(pause, { target: { value: '' } });
  expect(text).not.toContain('backoff');
});

it('shows what the control plane found at its field', async () => {
  renderOver(answers, <Harness kind="TrafficPolicy" />);
  const section = await screen.findByTestId('section-retries');
  expect(within(section).getByRole('alert').textContent).toBe('too many');
});

it('switches a part on with its defaults, and off as a whole', async () => {
  renderOver(answers, <Harness kind="TrafficPolicy" />);
  fireEvent.click(await screen.findByRole('switch', { name: 'Circuit breaker on' }));
  expect(text).toContain('circuitBreaker: {}');
  fireEvent.change(screen.getByLabelText('Opens below'), { target: { value: '95' } });
  expect(text).toContain('successRate: 95');
  fireEvent.click(screen.getByRole('switch', { name: 'Circuit breaker on' }));
  expect(text).not.toContain('circuitBreaker');
});

it('adds a limit with keys of its own, and takes it away', async () => {
  renderOver(answers, <Harness kind="RateLimit" />);
  fireEvent.click(await screen.findByRole('button', { name: 'Add limit' }));
  const card = await screen.findByTestId('limit-limit-2');
  fireEvent.change(within(card).getByLabelText('For each'), { target: { value: 'Identity, x-user' } });
  expect(text).toContain('type: Header');
  fireEvent.click(within(card).getByRole('button', { name: 'Remove limit limit-2' }));
  expect(text).not.toContain('limit-2');
});

it('lets who may not change it look only', async () => {
  renderOver(answers, <Harness kind="FaultInjection" isReadOnly />);
  const delay = await screen.findByLabelText('Delay');
  expect((delay as HTMLInputElement).readOnly).toBe(true);
  expect(screen.queryByRole('button', { name: 'Add limit' })).toBeNull();
});
