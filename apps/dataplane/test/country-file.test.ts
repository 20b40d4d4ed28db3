// The country database of a gateway: named by an option, followed when it changes, and missed aloud.
import fs from 'node:fs';
import path from 'node:path';
import { countryDatabase } from '@malha/testing/country-database';
import { afterEach, expect, test } from 'vitest';
import type { FoundCountries } from '../src/gateway/client-countries.ts';
import { CountryFile } from '../src/gateway/country-file.ts';
import { replaceFile, temporaryFolder } from './program.ts';

const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function follow(file: string): { readonly found: FoundCountries[]; readonly read: Promise<void> } {
  const found: FoundCountries[] = [];
  const countries = new CountryFile(file, (each) => void found.push(each));
  closers.push(() => countries.close());
  return { found, read: countries.follow() };
}

const place = (found: readonly FoundCountries[], address: string) => found.at(-1)?.database?.countryOf(address);

test('a new file is in force when it is there; one that cannot be used leaves the last good one', async () => {
  const file = path.join(temporaryFolder(), 'countries.mmdb');
  fs.writeFileSync(file, countryDatabase({ '192.0.2.0/24': 'PT' }));
  const { found, read } = follow(file);
  await read;
  expect(place(found, '192.0.2.1')).toBe('PT');

  replaceFile(file, 'no database');
  replaceFile(file, countryDatabase({ '192.0.2.0/24': 'BR' }));
  await expect.poll(() => place(found, '192.0.2.1'), { timeout: 10_000 }).toBe('BR');

  const handed = found.length;
  replaceFile(file, 'no database');
  await expect.poll(() => fs.readFileSync(file, 'utf8')).toBe('no database');
  fs.rmSync(file);
  replaceFile(file, countryDatabase({ '192.0.2.0/24': 'AO' }));
  await expect.poll(() => place(found, '192.0.2.1'), { timeout: 10_000 }).toBe('AO');
  expect(found.slice(handed).every(({ database }) => database !== undefined)).toBe(true);
});

test.each([
  ['that is not there', undefined],
  ['that is none', 'no database'],
])('a file %s is named with the reason, until there is one', async (_, content) => {
  const file = path.join(temporaryFolder(), 'countries.mmdb');
  if (content !== undefined) fs.writeFileSync(file, content);
  const { found, read } = follow(file);
  await read;
  expect(found.at(-1)).toMatchObject({
    database: undefined,
    problem: expect.stringContaining(`${file} cannot be used: `),
  });
  replaceFile(file, countryDatabase({ '192.0.2.0/24': 'PT' }));
  await expect.poll(() => place(found, '192.0.2.1'), { timeout: 10_000 }).toBe('PT');
});
