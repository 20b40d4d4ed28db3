import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseResources } from './parse.ts';
import { keyOf } from './resource.ts';

const SERVICE = `apiVersion: malha.dev/v1
kind: Service
metadata:
  name: reviews
  namespace: bookstore
spec:
  selector: {app: reviews}
  ports:
    - port: 9080
`;

function routeWith(rule: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: bookstore}
spec:
  parentRefs: [{group: "", kind: Service, name: reviews}]
  rules:
    - ${rule}
`;
}

function only(text: string) {
  const { errors } = parseResources(text, 'mesh.yaml');
  expect(errors).toHaveLength(1);
  return errors[0];
}

describe('parseResources', () => {
  it('reads several documents and gives each its line', () => {
    const text = `${SERVICE}---\n${SERVICE.replace('reviews', 'ratings')}---\n`;
    const { documents, errors, resources } = parseResources(text);
    expect(errors).toEqual([]);
    expect(resources.map(keyOf)).toEqual(['Service/bookstore/reviews', 'Service/bookstore/ratings']);
    expect(documents.map(({ line }) => line)).toEqual([1, 11]);
  });

  it('reads JSON as it reads YAML', () => {
    const [resource] = parseResources(SERVICE).resources;
    expect(parseResources(JSON.stringify(resource, null, 2)).resources).toEqual([resource]);
  });

  it('does not fill defaults in', () => {
    expect(parseResources(SERVICE).resources[0]?.spec).toEqual({
      selector: { app: 'reviews' },
      ports: [{ port: 9080 }],
    });
  });

  it('names line, code and source of a syntax error', () => {
    expect(only(`${SERVICE}  bad: [1, 2\n`)).toMatchObject({
      code: 'MALHA1001',
      severity: 'error',
      source: 'mesh.yaml',
    });
    expect(only('a: b\n\tc: d\n')?.line).toBe(2);
  });

  it('refuses a key that appears twice, also when one of the two is quoted', () => {
    expect(only(`${SERVICE}metadata: {name: x}\n`)).toMatchObject({ code: 'MALHA1002', line: 10 });
    expect(only('ports: {9102: a, "9102": b}\n')).toMatchObject({ code: 'MALHA1002', line: 1 });
  });

  it('refuses an alias that refers to itself, to nothing, or explodes', () => {
    expect(only('spec: &a\n  rules: [*a]\n')).toMatchObject({ code: 'MALHA1003', line: 2 });
    expect(only('spec: *missing\n')).toMatchObject({ code: 'MALHA1003', line: 1 });
    const bomb = Array.from({ length: 30 }, (_, i) => `k${i}: &k${i} [${i === 0 ? 'x' : `*k${i - 1}, *k${i - 1}`}]`);
    expect(only(`${bomb.join('\n')}\n`)).toMatchObject({ code: 'MALHA1003' });
  });

  it('expands honest aliases', () => {
    const text = SERVICE.replace('{app: reviews}', '&labels {app: reviews}').concat(
      '  versions:\n    - name: v1\n      labels: *labels\n',
    );
    expect(parseResources(text)).toMatchObject({
      errors: [],
      resources: [{ spec: { versions: [{ labels: { app: 'reviews' } }] } }],
    });
  });

  it.each(['[', '- ', '{a: ', '? '])('refuses absurd nesting of "%s" quickly and without throwing', (part) => {
    expect(only(`a: ${part.repeat(100_000)}`.replace('a: - ', '- '))).toMatchObject({ code: 'MALHA1009', line: 1 });
  });

  it('takes a mapping with many keys', { timeout: 60_000 }, () => {
    const labels = Array.from({ length: 20_000 }, (_, index) => `    l${index}: x\n`).join('');
    expect(parseResources(SERVICE.replace('{app: reviews}', `\n${labels}`)).errors).toEqual([]);
  });

  it('refuses what is no resource', () => {
    expect(only('- 1\n- 2\n')).toMatchObject({ code: 'MALHA1004' });
    expect(only('kind: Service\n')).toMatchObject({ code: 'MALHA1004', path: 'apiVersion' });
    expect(only(SERVICE.replace('kind: Service', 'kind: Servise'))).toMatchObject({
      code: 'MALHA1005',
      path: 'kind',
      line: 2,
      message: expect.stringContaining('Did you mean Service?'),
    });
    expect(only(SERVICE.replace('malha.dev/v1', 'v1'))).toMatchObject({ code: 'MALHA1005', path: 'apiVersion' });
  });

  it('names path, line and nearest known field of an unknown one', () => {
    const finding = only(routeWith('backendRef: []'));
    expect(finding).toMatchObject({ code: 'MALHA1006', path: 'spec.rules[0].backendRef', line: 7 });
    expect(finding?.object).toBe('HTTPRoute/bookstore/reviews');
    expect(finding?.message).toContain('Did you mean "backendRefs"?');
    expect(only(SERVICE.replace('selector', 'selectors'))?.message).toContain('"selector"');
  });

  it('refuses a negative weight by its path and line', () => {
    const text = routeWith(
      'backendRefs:\n        - {name: reviews, port: 9080}\n        - {name: reviews, weight: -1}',
    );
    expect(only(text)).toMatchObject({ code: 'MALHA1008', path: 'spec.rules[0].backendRefs[1].weight', line: 9 });
  });

  it('reports all violations, not only the first', () => {
    const text = routeWith('{matches: [{path: {value: relative}}], timeouts: {request: 10}, backendRefs: [{}]}');
    expect(parseResources(text).errors.map(({ path }) => path)).toEqual([
      'spec.rules[0].matches[0].path.value',
      'spec.rules[0].backendRefs[0].name',
      'spec.rules[0].timeouts.request',
    ]);
  });

  it('refuses a resource that appears twice', () => {
    expect(only(`${SERVICE}---\n${SERVICE}`)).toMatchObject({ code: 'MALHA1010', line: 11 });
  });

  it('goes on after a broken document', () => {
    const { errors, resources } = parseResources(`${SERVICE.replace('9080', 'no')}---\n${SERVICE}`);
    expect(errors).toHaveLength(1);
    expect(resources).toHaveLength(1);
  });

  it('takes every shape of the contract', () => {
    const text = readFileSync(new URL('../test/shapes.yaml', import.meta.url), 'utf8');
    const { errors, resources } = parseResources(text);
    expect(errors).toEqual([]);
    expect(resources).toHaveLength(text.split('\n---\n').length);
  });
});
