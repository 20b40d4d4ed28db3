import { describe, expect, it } from 'vitest';
import type { ServiceRow } from '#trpc/contract.ts';
import { headlineOf } from './services-page.tsx';

const row = (name: string, health: ServiceRow['health']) => ({ name, health }) as ServiceRow;

describe('headlineOf', () => {
  it('says which fail and which need a look', () => {
    const rows = [row('a', 'ok'), row('b', 'err'), row('c', 'warn')];
    expect(headlineOf(rows)).toEqual({ lead: '1 of 3 services are well.', rest: 'b fails; c needs a look.' });
  });

  it('says that all are well', () => {
    expect(headlineOf([row('a', 'ok'), row('b', 'ok')])).toEqual({ lead: 'All 2 services are well.', rest: '' });
  });
});
