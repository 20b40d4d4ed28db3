// CONFORMANCE.md against the cases: what it names exists, and no test of the suite for HTTPRoute is forgotten.
import fs from 'node:fs';
import { expect, test } from 'vitest';
import { SECTIONS } from './cases/index.ts';

const text = fs.readFileSync(new URL('CONFORMANCE.md', import.meta.url), 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| test |'));

test('every case that it names exists', () => {
  const names = SECTIONS.flatMap(({ name, cases }) => [name, ...cases.map((each) => each.name)]);
  const named = rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));
  // Finding codes, features and files stand in code too.
  const cases = named.filter((name) => !/^(x-rule|route\.|packages\/|apps\/)/.test(name));
  expect(cases.filter((name) => !names.some((each) => each.startsWith(name)))).toEqual([]);
  expect(cases.length).toBeGreaterThan(60);
});

test('no test stands in it twice', () => {
  const tests = rows.flatMap((row) => (row.split('|')[1] ?? '').split(',').map((name) => name.trim()));
  expect(tests.filter((name, index) => tests.indexOf(name) !== index)).toEqual([]);
});
