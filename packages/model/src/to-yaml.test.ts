import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseResources } from './parse.ts';
import type { Resource } from './resource.ts';
import { toYaml, toYamlDocuments } from './to-yaml.ts';

const shapes = parseResources(readFileSync(new URL('../test/shapes.yaml', import.meta.url), 'utf8')).resources;

/** As a JSON database may give it back: the same value, other order. */
function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, child]) => [name, shuffled(child)]),
  );
}

describe('toYaml', () => {
  it('gives every kind back unchanged', () => {
    expect(parseResources(toYamlDocuments(shapes))).toMatchObject({ errors: [], resources: shapes });
  });

  it('gives the same text whatever the order of the fields', () => {
    for (const resource of shapes) expect(toYaml(shuffled(resource) as Resource)).toBe(toYaml(resource));
  });

  it('begins with apiVersion, kind, metadata, spec', () => {
    for (const resource of shapes) {
      const keys = toYaml(resource).match(/^\w+(?=:)/gm);
      expect(keys?.slice(0, 4)).toEqual(['apiVersion', 'kind', 'metadata', 'spec']);
    }
  });

  it('quotes what another reader would take for a number or a truth value', () => {
    const resource: Resource = {
      apiVersion: 'malha.dev/v1',
      kind: 'Namespace',
      metadata: { name: 'a', annotations: { a: 'yes', b: '1_000', c: '0x10', d: 'null' } },
      spec: {},
    };
    expect(toYaml(resource)).toContain('a: "yes"');
    expect(parseResources(toYaml(resource)).resources).toEqual([resource]);
  });
});
