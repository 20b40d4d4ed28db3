import { describe, expect, it } from 'vitest';
import type { ProxyRow } from '#trpc/contract.ts';
import { headlineOf } from './proxy-words.ts';

const proxy = (state: ProxyRow['state']) => ({ state }) as ProxyRow;

describe('headlineOf', () => {
  it('says that all is in place', () => {
    expect(headlineOf([proxy('in-sync'), proxy('in-sync')])).toEqual({
      lead: 'All 2 proxies serve what they should.',
      rest: '',
    });
  });

  it('counts what is not, refusals first', () => {
    expect(headlineOf([proxy('in-sync'), proxy('stale'), proxy('nacked'), proxy('disconnected')])).toEqual({
      lead: '1 of 4 proxies serve what they should.',
      rest: '1 refused a configuration, 1 on the way, 1 not connected.',
    });
  });

  it('does not count those that left, as the top bar does not', () => {
    expect(headlineOf([proxy('in-sync'), proxy('in-sync'), proxy('out')])).toEqual({
      lead: 'All 2 proxies serve what they should.',
      rest: '1 out of the mesh.',
    });
    expect(headlineOf([proxy('out')]).lead).toBe('No proxy is in the mesh.');
  });
});
