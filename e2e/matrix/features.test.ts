// The capability table against the matrix: what it says is enforced runs there, and what it says is not does not.
import fs from 'node:fs';
import { capabilities } from '@malha/model';
import { redisProblem } from '@malha/testing/redis';
import { describe, expect, test } from 'vitest';
import { PROOFS } from './cases/features.ts';
import { SECTIONS } from './cases/index.ts';
import type { MatrixCase, Side } from './src/case.ts';

const CASES = SECTIONS.flatMap(({ cases }) => cases);
const ROOT = new URL('../../', import.meta.url);
/** Rows of global limits are left out, with this reason, where there is no Redis. */
const NO_REDIS = redisProblem();

const runs = (side: Side) => (row: MatrixCase) => [undefined, NO_REDIS].includes(row.leftOut?.[side]);

const proofs = capabilities.map(({ feature, dialects }) => ({ feature, dialects, proof: PROOFS[feature] }));
const inMatrix = proofs.flatMap(({ proof, ...rest }) =>
  'test' in proof ? [] : [{ ...rest, rows: CASES.filter(({ name }) => proof.some((begin) => name.startsWith(begin))) }],
);

test('each begin is that of a row', () => {
  const begins = proofs.flatMap(({ proof }) => ('test' in proof ? [] : proof));
  expect(begins.filter((begin) => !CASES.some(({ name }) => name.startsWith(begin)))).toEqual([]);
});

test('tests that stand in for rows exist', () => {
  const files = proofs.flatMap(({ proof }) => ('test' in proof ? [proof.test] : []));
  expect(files.filter((file) => !fs.existsSync(new URL(file, ROOT)))).toEqual([]);
});

describe.each([
  { dialect: 'malha', side: 'sidecar' },
  { dialect: 'envoy', side: 'envoy' },
] as const)('capabilities of $dialect', ({ dialect, side }) => {
  test('what is enforced has a row that runs', () => {
    const enforced = inMatrix.filter(({ dialects }) => dialects[dialect] === 'enforced');
    expect(enforced.filter(({ rows }) => !rows.some(runs(side))).map(({ feature }) => feature)).toEqual([]);
    expect(enforced.length).toBeGreaterThan(50);
  });

  test('what is not enforced has none', () => {
    const others = inMatrix.filter(({ dialects }) => dialects[dialect] !== 'enforced');
    const running = others.flatMap(({ feature, rows }) =>
      rows.filter(runs(side)).map(({ name }) => `${feature}: ${name}`),
    );
    expect(running).toEqual([]);
  });
});
