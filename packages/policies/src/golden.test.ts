import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyze } from './analyze.ts';
import { compile } from './compile.ts';
import { worldOf } from './testing.ts';
import { buildIndex } from './world-index.ts';

// Each folder of a policy has `golden/<case>.yaml`, which begins with the scope and the parts to show, and beside it
// what comes out. `npx vitest run -u` renews the files: read the difference before committing it.
const src = new URL('.', import.meta.url);
const cases = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .sort();

describe('golden files', () => {
  it('exist for every folder', () => {
    expect(new Set(cases.map((file) => file.split('/')[0])).size).toBeGreaterThanOrEqual(7);
  });

  it.each(cases)('%s', async (file) => {
    const text = readFileSync(new URL(file, src), 'utf8');
    const [, namespace = '', workload = '', shown = ''] = /^# scope: (.+)\/(.+) show: (.+)$/m.exec(text) ?? [];
    const index = buildIndex(worldOf(text));
    const { config } = compile(index, { namespace, workload });
    const parts = Object.entries(config).filter(([name]) => shown.split(', ').includes(name));
    const output = { ...Object.fromEntries(parts), findings: analyze(index) };
    const path = new URL(file.replace(/\.yaml$/, '.golden.json'), src).pathname;
    await expect(`${JSON.stringify(output, null, 2)}\n`).toMatchFileSnapshot(path);
  });
});
