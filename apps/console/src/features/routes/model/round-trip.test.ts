// Any valid route through the form's edits: said again what it says, it stays the same to the character.
import { validateResource } from '@malha/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { splitDocuments } from './documents.ts';
import { applyEdit, type RouteEdit } from './edit.ts';
import { FILTER_FIELDS, readRoute } from './view.ts';
import type { Value } from './write-value.ts';

/** Busy machines parse slowly. */
const TIMEOUT_MS = 60_000;

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const word = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/);
const path = fc.stringMatching(/^\/[a-z0-9]{0,8}$/);
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined });
const some = <T extends Record<string, fc.Arbitrary<unknown>>>(fields: T, needed: (keyof T & string)[]) =>
  fc.record(fields, { requiredKeys: needed });

const named = some({ type: fc.constantFrom('Exact'), name, value: word }, ['name', 'value']);
const match = some(
  {
    path: some({ type: fc.constantFrom('Exact', 'PathPrefix'), value: path }, []),
    headers: fc.array(named, { minLength: 1, maxLength: 2 }),
    queryParams: fc.array(named, { minLength: 1, maxLength: 2 }),
    method: fc.constantFrom('GET', 'POST'),
  },
  [],
);
const header = fc.record({ name, value: word });
const headers = fc.oneof(
  fc.record({ set: fc.array(header, { minLength: 1, maxLength: 1 }) }),
  fc.record({ add: fc.array(header, { minLength: 1, maxLength: 1 }) }),
  fc.record({ remove: fc.array(name, { minLength: 1, maxLength: 1 }) }),
);
const filter = fc.oneof(
  headers.map((body) => ({ type: 'RequestHeaderModifier', requestHeaderModifier: body })),
  headers.map((body) => ({ type: 'ResponseHeaderModifier', responseHeaderModifier: body })),
  fc
    .record({ backendRef: fc.record({ name, port: fc.integer({ min: 1, max: 65_535 }) }), percent: fc.nat(100) })
    .map((body) => ({ type: 'RequestMirror', requestMirror: body })),
  some({ hostname: name, path: path.map((to) => ({ type: 'ReplaceFullPath', replaceFullPath: to })) }, []).map(
    (body) => ({ type: 'URLRewrite', urlRewrite: body }),
  ),
  some(
    { allowOrigins: fc.constant(['https://a.example']), allowCredentials: fc.boolean(), maxAge: fc.constant(5) },
    [],
  ).map((body) => ({ type: 'CORS', cors: body })),
);
const filters = fc.uniqueArray(filter, { minLength: 1, maxLength: 4, selector: (item) => item.type });
const seconds = fc.integer({ min: 1, max: 9 }).map((count) => `${count}s`);
const rule = some(
  {
    name,
    matches: fc.array(match, { minLength: 1, maxLength: 3 }),
    filters,
    backendRefs: fc.array(some({ name, port: fc.constant(80), weight: fc.nat(1000), filters }, ['name', 'port']), {
      minLength: 1,
      maxLength: 3,
    }),
    timeouts: some({ request: fc.constant('10s'), backendRequest: seconds }, []),
    retry: some({ attempts: fc.nat(9), codes: fc.constant([502, 503]), backoff: seconds }, []),
  },
  ['name'],
);
const route = fc
  .record({
    rules: fc.uniqueArray(rule, { minLength: 1, maxLength: 4, selector: (item) => item.name }),
    hosts: optional(fc.constant(['a.example'])),
  })
  .map(({ rules, hosts }) => ({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'r', namespace: 'n' },
    spec: { parentRefs: [{ group: '', kind: 'Service', name: 's' }], ...(hosts && { hostnames: hosts }), rules },
  }));

function viewOf(text: string) {
  const reading = readRoute(text);
  if (!reading.ok) throw new Error(reading.problem.message);
  return reading.view;
}

/** Every edit that the form has, each saying what the text says already. */
function sameAgain(text: string): RouteEdit[] {
  return viewOf(text).rules.flatMap((each): RouteEdit[] => {
    const rule = each.index;
    const value = (at: (string | number)[], said: unknown): RouteEdit[] =>
      said === undefined ? [] : [{ type: 'set-value', rule, path: at, value: said as Value }];
    const bodies = (list: typeof each.filters, at: (string | number)[]) =>
      list.flatMap(({ type, body }, index) => value([...at, 'filters', index, FILTER_FIELDS[type] ?? ''], body));
    return [
      { type: 'rename-rule', rule, name: each.name },
      { type: 'set-matches', rule, matches: each.matches },
      ...value(['timeouts', 'request'], each.requestTimeout),
      ...value(['timeouts', 'backendRequest'], each.attemptTimeout),
      ...value(['retry', 'attempts'], each.retryAttempts),
      ...value(['retry', 'backoff'], each.retryBackoff),
      ...bodies(each.filters, []),
      ...each.backends.flatMap(({ filters: own }, index) => bodies(own, ['backendRefs', index])),
    ];
  });
}

describe('a route through the form', () => {
  it('is unchanged by edits that say what it says', { timeout: TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(route, (resource) => {
        expect(validateResource(resource)).toMatchObject({ ok: true });
        const text = stringify(resource);
        for (const edit of sameAgain(text)) expect(parse(applyEdit(text, edit))).toEqual(resource);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps every filter that is not edited when one is added, changed and removed again', {
    timeout: TIMEOUT_MS,
  }, () => {
    fc.assert(
      fc.property(route, (resource) => {
        const text = stringify(resource);
        const at = viewOf(text).rules[0]?.filters.length ?? 0;
        const added = applyEdit(text, {
          type: 'set-value',
          rule: 0,
          path: ['filters', at],
          value: { type: 'ExtensionRef', extensionRef: { group: 'g', kind: 'K', name: 'x' } },
        });
        expect(viewOf(added).rules[0]?.filters[at]?.type).toBe('ExtensionRef');
        const renamed = applyEdit(added, {
          type: 'set-value',
          rule: 0,
          path: ['filters', at, 'extensionRef', 'name'],
          value: 'y',
        });
        expect(viewOf(renamed).rules[0]?.filters[at]?.body).toEqual({ group: 'g', kind: 'K', name: 'y' });
        const removed = applyEdit(renamed, { type: 'set-value', rule: 0, path: ['filters', at], value: undefined });
        expect(parse(removed)).toEqual(resource);
      }),
      { numRuns: 20 },
    );
  });
});

const base = stringify({
  kind: 'HTTPRoute',
  metadata: { name: 'r', namespace: 'n' },
  spec: { rules: [{ name: 'a' }] },
});

describe('policies of a rule', () => {
  const cohort: RouteEdit = {
    type: 'set-policy',
    kind: 'RoutePolicy',
    rule: 'a',
    path: ['cohort'],
    value: { cookie: 'id' },
  };

  it('stand after the route in the same text, and go when they say nothing', () => {
    const text = applyEdit(base, cohort);
    expect(viewOf(text).policies).toMatchObject([
      { kind: 'RoutePolicy', rule: 'a', name: 'r-a', spec: { cohort: { cookie: 'id' } } },
    ]);
    expect(
      splitDocuments(text)
        .map((part) => part.text)
        .join(''),
    ).toBe(text);
    expect(applyEdit(text, { ...cohort, value: undefined })).toBe(base);
  });

  it('keep comments in an edit, and follow the name of their rule', () => {
    const text = `${applyEdit(base, cohort)}# by reader\n`;
    const narrowed = applyEdit(text, { ...cohort, path: ['match', 'percent'], value: 10 });
    expect(narrowed).toContain('# by reader');
    expect(viewOf(narrowed).policies).toHaveLength(1);
    const renamed = applyEdit(narrowed, { type: 'rename-rule', rule: 0, name: 'b' });
    expect(viewOf(renamed).policies).toMatchObject([{ rule: 'b', spec: { match: { percent: 10 } } }]);
  });

  it('of other routes are shown nowhere and kept', () => {
    const other = '---\nkind: RoutePolicy\nmetadata: {name: x}\nspec: {targetRef: {kind: HTTPRoute, name: q}}\n';
    const text = applyEdit(base + other, cohort);
    expect(viewOf(text).policies).toHaveLength(1);
    expect(text).toContain(other);
  });
});
