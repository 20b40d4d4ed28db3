// Every example of docs/guide can be applied to the bookstore as it stands.
import { readdirSync, readFileSync } from 'node:fs';
import { keyOf, parseResources } from '@malha/model';
import { describe, expect, it } from 'vitest';
import { analyze } from './analyze.ts';

/** A service, version or gateway without workloads yet: those come when they join. */
const AWAITS_WORKLOADS: ReadonlySet<string> = new Set(['MALHA1036', 'MALHA1037', 'MALHA1067']);

const root = new URL('../../../', import.meta.url);
const bookstore = read('examples/bookstore/mesh/bookstore.yaml');

function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** The YAML blocks of a page, each with the line that it begins at. */
function examplesOf(page: string): { line: number; text: string }[] {
  const text = read(`docs/guide/${page}`);
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    text: match[1] ?? '',
  }));
}

const pages = readdirSync(new URL('docs/guide', root)).filter((name) => name.endsWith('.md'));

describe.each(pages)('guide %s', (page) => {
  it.each(examplesOf(page))('line $line is sound on the bookstore', ({ text }) => {
    const example = parseResources(text);
    expect(example.errors).toEqual([]);
    const base = parseResources(bookstore);
    const replaced = new Set<string>(example.resources.map(keyOf));
    const resources = [...base.resources.filter((resource) => !replaced.has(keyOf(resource))), ...example.resources];
    const findings = analyze({ resources, workloads: [], trustDomain: 'mesh.local' })
      .filter(({ code }) => !AWAITS_WORKLOADS.has(code))
      .map(({ code, object, path, message }) => `${code} ${object} ${path}: ${message}`);
    expect(findings).toEqual([]);
  });
});
