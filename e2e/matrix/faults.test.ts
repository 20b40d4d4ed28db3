// The matrix can catch faults: each that is put into the engine is caught by the case that names it.
import { describe, expect, test } from 'vitest';
import { SECTIONS } from './cases/index.ts';
import { EnginePlayer } from './src/engine.ts';
import { FAULTS } from './src/faults.ts';
import { PROTECTION_FAULTS } from './src/protection-faults.ts';
import { play } from './src/side.ts';

const faults = [...FAULTS, ...PROTECTION_FAULTS];
const cases = SECTIONS.flatMap((section) => section.cases);

test('names of cases and faults are unique', () => {
  for (const names of [cases.map(({ name }) => name), faults.map(({ name }) => name)])
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe('seeded faults', () => {
  test.each(faults.map((fault) => [fault.name, fault] as const))('%s', async (_, { caughtBy, parts }) => {
    const catching = cases.find(({ name }) => name === caughtBy);
    if (catching === undefined) throw new Error(`no case is called "${caughtBy}"`);
    expect(await play(new EnginePlayer(), catching)).toEqual([]);
    expect(await play(new EnginePlayer(parts), catching)).not.toEqual([]);
  });
});
