// The form of hedging and fallback, over the policy that it writes.
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PolicyView } from '../model/policies.ts';
import { ResilienceSettings } from './resilience-settings.tsx';

afterEach(cleanup);

function show(spec: Record<string, unknown>, kind: 'HTTPRoute' | 'GRPCRoute' = 'HTTPRoute', isReadOnly = false) {
  const setPolicy = vi.fn();
  const routePolicy = { kind: 'RoutePolicy', name: 'p', spec } as unknown as PolicyView;
  render(<ResilienceSettings kind={kind} isReadOnly={isReadOnly} routePolicy={routePolicy} setPolicy={setPolicy} />);
  return setPolicy;
}

describe('hedging', () => {
  it('begins with a delay', () => {
    const added = show({});
    fireEvent.click(screen.getByRole('button', { name: 'ask another endpoint too' }));
    expect(added).toHaveBeenCalledWith('RoutePolicy', ['hedging'], { delay: '100ms' });
  });

  it('writes a delay once it is one, and is taken away whole', () => {
    const set = show({ hedging: { delay: '100ms' } });
    const delay = screen.getByLabelText('Delay before another endpoint is asked');
    fireEvent.change(delay, { target: { value: '2' } });
    expect(set).not.toHaveBeenCalled();
    fireEvent.change(delay, { target: { value: '250ms' } });
    expect(set).toHaveBeenCalledWith('RoutePolicy', ['hedging', 'delay'], '250ms');
    fireEvent.click(screen.getByRole('button', { name: 'One endpoint at a time' }));
    expect(set).toHaveBeenLastCalledWith('RoutePolicy', ['hedging'], undefined);
  });
});

describe('fallback', () => {
  it('is one of three, and keeps its conditions when it changes', () => {
    const set = show({ fallback: { on: ['5xx'], lastGood: {} } });
    fireEvent.change(screen.getByLabelText('What a client gets when the rule fails'), {
      target: { value: 'responseRef' },
    });
    expect(set).toHaveBeenCalledWith('RoutePolicy', ['fallback'], { on: ['5xx'], responseRef: { name: '' } });
    expect(screen.getByRole('button', { name: '5xx', pressed: true })).toHaveProperty('disabled', true);
    fireEvent.click(screen.getByRole('button', { name: 'timeout' }));
    expect(set).toHaveBeenLastCalledWith('RoutePolicy', ['fallback', 'on'], ['5xx', 'timeout']);
  });

  it('of gRPC is another backend', () => {
    show({}, 'GRPCRoute');
    const options = [...screen.getByLabelText('What a client gets when the rule fails').querySelectorAll('option')];
    expect(options.map(({ value }) => value)).toEqual(['', 'backendRef']);
  });
});

it('shows nothing to who may not change it and has none', () => {
  const { container } = render(
    <ResilienceSettings kind="HTTPRoute" isReadOnly routePolicy={undefined} setPolicy={() => undefined} />,
  );
  expect(container.textContent).toBe('');
});
