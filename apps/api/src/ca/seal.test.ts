// The seal and its key: what opens, what does not, and what is said about it.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSeal } from './seal.ts';
import { loadSealKey } from './seal-key.ts';

describe('seal', () => {
  const key = randomBytes(32);

  it('opens what it sealed, in its place only', () => {
    const seal = createSeal(key);
    const envelope = seal.seal(Buffer.from('secret'), 'row 1');
    expect(seal.open(envelope, 'row 1').toString()).toBe('secret');
    expect(() => seal.open(envelope, 'row 2')).toThrow('belongs to another row');
  });

  it('never seals twice alike', () => {
    const seal = createSeal(key);
    expect(seal.seal(Buffer.from('secret'), 'row')).not.toBe(seal.seal(Buffer.from('secret'), 'row'));
  });

  it('says that another key is needed, and what to do', () => {
    const envelope = createSeal(key).seal(Buffer.from('secret'), 'row');
    expect(() => createSeal(randomBytes(32)).open(envelope, 'row')).toThrow(/MALHA_SEAL_KEY.*seal\.key/);
  });

  it('refuses every changed envelope', () => {
    const seal = createSeal(key);
    const envelope = seal.seal(Buffer.from('secret'), 'row');
    for (let index = 0; index < envelope.length; index++) {
      const changed = envelope.slice(0, index) + (envelope[index] === 'A' ? 'B' : 'A') + envelope.slice(index + 1);
      // The last character of base64url may carry bits that mean nothing.
      const isSame = decoded(changed) === decoded(envelope);
      if (!isSame) expect(() => seal.open(changed, 'row')).toThrow(expect.objectContaining({ code: 'MALHA3021' }));
    }
    expect(() => seal.open('', 'row')).toThrow('version');
    expect(() => seal.open(envelope.replace('v1', 'v2'), 'row')).toThrow('version is "v2"');
  });

  it('takes no key of another length', () => {
    expect(() => createSeal(randomBytes(16))).toThrow('32 bytes');
  });
});

function decoded(envelope: string): string {
  const [version, id, nonce = '', sealed = '', ...rest] = envelope.split('.');
  const hex = (text: string) => Buffer.from(text, 'base64url').toString('hex');
  return [version, id, hex(nonce), hex(sealed), ...rest].join('.');
}

describe('loadSealKey', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'malha-seal-'));
    file = join(folder, 'seal.key');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes a key for the owner alone, once, also with eight starters', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadSealKey({ file })));
    const again = await loadSealKey({ file });
    expect(again).toHaveLength(32);
    for (const key of keys) expect(key).toEqual(again);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['seal.key']);
  });

  it('prefers the environment, in base64 and base64url', async () => {
    const key = randomBytes(32);
    expect(await loadSealKey({ file, sealKey: key.toString('base64') })).toEqual(key);
    expect(await loadSealKey({ file, sealKey: ` ${key.toString('base64url')}\n` })).toEqual(key);
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it('refuses a file that others can read, a short key and text that is no key', async () => {
    await loadSealKey({ file });
    chmodSync(file, 0o644);
    await expect(loadSealKey({ file })).rejects.toThrow(`chmod 600 ${file}`);
    await expect(loadSealKey({ file, sealKey: randomBytes(31).toString('base64') })).rejects.toThrow('31 bytes');
    await expect(loadSealKey({ file, sealKey: 'pass phrase!' })).rejects.toThrow('not base64');
    writeFileSync(file, '', { mode: 0o600 });
    chmodSync(file, 0o600);
    await expect(loadSealKey({ file })).rejects.toMatchObject({ code: 'MALHA3020' });
  });
});
