// The areas of the matrix are whole, and the matrix is as large as it was asked to be.
import { expect, test } from 'vitest';
import { AREAS, THEMES } from './cases/areas.ts';
import { SECTIONS } from './cases/index.ts';
import { runBy, tally } from './src/tally.ts';

test('each section stands in one area, and each name of an area is a section', () => {
  const placed = AREAS.flatMap(({ sections }) => sections);
  expect([...placed].sort()).toEqual(SECTIONS.map(({ name }) => name).sort());
});

test.each([
  { theme: 'protocols and routing', inAll: 250, onEnvoy: 200 },
  { theme: 'protection of services', inAll: 150, onEnvoy: 100 },
])('$theme: at least $inAll cases, $onEnvoy of them on Envoy', ({ theme, inAll, onEnvoy }) => {
  const names = AREAS.filter((area) => area.theme === theme).flatMap(({ sections }) => sections);
  const own = SECTIONS.filter(({ name }) => names.includes(name));
  expect(own.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(inAll);
  expect(runBy('envoy', own)).toBeGreaterThanOrEqual(onEnvoy);
});

test('the parts that are printed add up to the whole', () => {
  const agreed = new Map(SECTIONS.map((section) => [section.name, runBy('envoy', [section])]));
  const lines = tally('envoy', SECTIONS, AREAS, agreed).split('\n');
  const numberOf = (line: string | undefined) => Number(line?.match(/([0-9]+) of [0-9]+/)?.[1]);
  const themes = lines.filter((line) => THEMES.some((theme) => line.startsWith(`  ${theme}: `)));
  expect(themes.map(numberOf).reduce((sum, part) => sum + part, 0)).toBe(numberOf(lines[0]));
  const leftOut = Number(lines.find((line) => line.startsWith('  left out: '))?.split(': ')[1]);
  const inAll = SECTIONS.flatMap(({ cases }) => cases).length;
  expect(numberOf(lines[0]) + leftOut).toBe(inAll);
});
