import { expect, test } from 'vitest';
import type { CertificateView } from './gateway-certificates.ts';
import { certificateProblems, WARN_BEFORE_MS } from './problems.ts';

const NOW_MS = 1_000_000_000_000;
const DAY_MS = 86_400_000;
const ending = (leftMs: number, usedBy = ['shop/edge listener https']) =>
  ({ namespace: 'shop', name: 'web', notAfterMs: NOW_MS + leftMs, usedBy }) as unknown as CertificateView;
const told = (leftMs: number, usedBy?: string[]) =>
  certificateProblems([ending(leftMs, usedBy)], NOW_MS).map(({ severity, title }) => `${severity} ${title}`);

test('what listeners show is a problem before it ends, and a failure after', () => {
  expect(told(WARN_BEFORE_MS + 1)).toEqual([]);
  expect(told(WARN_BEFORE_MS)).toEqual(['warn Certificate shop/web ends in 21 days']);
  expect(told(1.5 * DAY_MS)).toEqual(['warn Certificate shop/web ends in 1 day']);
  expect(told(1)).toEqual(['warn Certificate shop/web ends in less than a day']);
  expect(told(0)).toEqual(['err Certificate shop/web has ended']);
});

test('what nobody shows is none', () => {
  expect(told(0, [])).toEqual([]);
});
