// The pages that list what the code has: docs/errors.md and docs/ports.md say it all, and nothing that is not there.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_PORTS } from '../../dataplane/src/config.ts';
import { readConfig } from '../src/config.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

function page(name: string): string[] {
  return fs.readFileSync(path.join(ROOT, 'docs', name), 'utf8').split('\n');
}

function* sources(folder: string): Generator<string> {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'generated') yield* sources(file);
    else if (/\.tsx?$/.test(entry.name) && !/(\.test|testing)\.tsx?$/.test(entry.name)) yield file;
  }
}

function codesOfTheSources(): Map<string, string> {
  const found = new Map<string, string>();
  for (const group of ['apps', 'packages']) {
    for (const workspace of fs.readdirSync(path.join(ROOT, group))) {
      const folder = path.join(ROOT, group, workspace, 'src');
      if (workspace === 'testing' || !fs.existsSync(folder)) continue;
      for (const file of sources(folder)) {
        for (const [code] of fs.readFileSync(file, 'utf8').matchAll(/\bMALHA\d{4}\b/g)) found.set(code, file);
      }
    }
  }
  return found;
}

describe('docs/errors.md', () => {
  const rows = page('errors.md').flatMap((line) => {
    const [, code, ...cells] = /^\| (MALHA\d{4}) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? [];
    return code === undefined ? [] : [{ code, cells }];
  });
  const listed = rows.map(({ code }) => code);

  test('has a row for each code of the sources, once, in order', () => {
    const codes = [...codesOfTheSources().keys()].sort();
    expect(codes.length).toBeGreaterThan(100);
    expect(listed).toEqual(codes);
  });

  test('says of each what it is, why, and what to do', () => {
    for (const { cells } of rows) for (const cell of cells) expect(cell.trim().length).toBeGreaterThan(3);
  });
});

describe('docs/ports.md', () => {
  const rows = page('ports.md').flatMap((line) => {
    const [, port, process, , options] = /^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? [];
    return port === undefined ? [] : [{ port: Number(port), process, options: options?.match(/[\w-]+/g) ?? [] }];
  });
  const portsOf = (process: string) => rows.filter((row) => row.process === process).map(({ port }) => port);

  test('lists the ports of the control plane as they are without settings', () => {
    const secret = 'x'.repeat(16);
    const env = { DATABASE_URL: 'postgresql://a/b', NEXTAUTH_SECRET: secret, MALHA_INTERNAL_SECRET: secret };
    const { listen } = readConfig(env, '/tmp');
    const ports = Object.values(listen).filter((value): value is number => typeof value === 'number');
    expect(ports.length).toBeGreaterThan(5);
    expect(portsOf('control plane').sort()).toEqual(ports.sort());
  });

  test('names the setting that moves each', () => {
    const secret = 'x'.repeat(16);
    const env = { DATABASE_URL: 'postgresql://a/b', NEXTAUTH_SECRET: secret, MALHA_INTERNAL_SECRET: secret };
    for (const { port, process, options } of rows.filter((row) => row.process === 'control plane')) {
      const [setting = ''] = options;
      const { listen } = readConfig({ ...env, [setting]: '7' }, '/tmp');
      expect(Object.values(listen), `${setting} of ${process}`).toContain(7);
      expect(Object.values(listen), `${setting} of ${process}`).not.toContain(port);
    }
  });

  test('lists the ports of the data plane as they are without options', () => {
    expect(portsOf('data plane').sort()).toEqual(Object.values(DEFAULT_PORTS).sort());
  });
});
