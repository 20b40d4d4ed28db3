import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdit } from './edit.ts';
import { readRoute } from './view.ts';

const text = `# Ask reading-team first.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: reviews
  namespace: bookstore
spec:
  parentRefs:
    - kind: Service
      group: ""
      name: reviews
  futureField: {kept: true}
  rules:
    - name: beta # readers
      matches:
        # who asked for it
        - headers:
            - name: x-beta
              value: "true"
      backendRefs:
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v2
    - name: default
      backendRefs:
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v1, weight: 3} # stable
        - group: malha.dev
          kind: ServiceVersion
          name: reviews-v2
          weight: 1 # canary
      retry:
        codes: [502, 503]
`;

function viewOf(source: string) {
  const reading = readRoute(source);
  if (!reading.ok) throw new Error(reading.problem.message);
  return reading.view;
}

describe('readRoute', () => {
  it('reads rules, matches, weights and the lines they stand on', () => {
    const { rules, parentService } = viewOf(text);
    expect(parentService).toBe('reviews');
    expect(rules.map((rule) => rule.name)).toEqual(['beta', 'default']);
    expect(rules[0]?.matches).toEqual([[{ kind: 'header', type: 'Exact', name: 'x-beta', value: 'true' }]]);
    expect(rules[1]?.backends.map((backend) => [backend.name, backend.weight, backend.line])).toEqual([
      ['reviews-v1', 3, 26],
      ['reviews-v2', 1, 30],
    ]);
  });

  it('takes a missing weight as 1', () => {
    expect(viewOf(text).rules[0]?.backends[0]?.weight).toBe(1);
  });

  it('says where the syntax is broken', () => {
    const reading = readRoute('kind: HTTPRoute\nspec: {rules: [\n');
    expect(reading.ok).toBe(false);
  });
});

describe('applyEdit', () => {
  it('changes nothing but the digits of a weight', () => {
    const edited = applyEdit(text, { type: 'set-weights', rule: 1, weights: [70, 30] });
    expect(edited).toBe(text.replace('weight: 3}', 'weight: 70}').replace('weight: 1 #', 'weight: 30 #'));
  });

  it('keeps weights as they were given until they are edited', () => {
    expect(applyEdit(text, { type: 'set-weights', rule: 1, weights: [3, 1] })).toBe(text);
  });

  it('keeps comments and unknown fields in every edit of structure', () => {
    const edits = [
      applyEdit(text, { type: 'rename-rule', rule: 1, name: 'rest' }),
      applyEdit(text, {
        type: 'add-rule',
        name: 'new',
        target: { group: '', kind: 'Service', name: 'reviews', port: 9080 },
      }),
      applyEdit(text, {
        type: 'add-backend',
        rule: 1,
        target: { group: 'malha.dev', kind: 'ServiceVersion', name: 'reviews-v3', port: undefined },
      }),
      applyEdit(text, { type: 'set-value', rule: 1, path: ['timeouts', 'request'], value: '2s' }),
      applyEdit(text, { type: 'set-value', rule: 1, path: ['retry', 'attempts'], value: 2 }),
      applyEdit(text, { type: 'move-rule', rule: 1, to: 0 }),
    ];
    for (const edited of edits) {
      for (const kept of [
        '# Ask reading-team first.',
        '# readers',
        '# who asked for it',
        '# stable',
        '# canary',
        'futureField: {kept: true}',
        'codes: [502, 503]',
      ]) {
        expect(edited).toContain(kept);
      }
    }
  });

  it('adds, changes and removes matches', () => {
    const matches = [
      [
        { kind: 'path', type: 'PathPrefix', name: '', value: '/a' },
        { kind: 'method', type: 'Exact', name: '', value: 'GET' },
        { kind: 'query', type: 'RegularExpression', name: 'page', value: '[0-9]+' },
      ],
    ] as const;
    const edited = applyEdit(text, { type: 'set-matches', rule: 1, matches });
    expect(viewOf(edited).rules[1]?.matches).toEqual(matches);
    const cleared = applyEdit(edited, { type: 'set-matches', rule: 1, matches: [[]] });
    expect(viewOf(cleared).rules[1]?.matches).toEqual([]);
    expect(cleared).toBe(text);
  });

  it('takes a removed timeout away with its empty parent', () => {
    const edited = applyEdit(text, { type: 'set-value', rule: 0, path: ['timeouts', 'request'], value: '5s' });
    expect(viewOf(edited).rules[0]?.requestTimeout).toBe('5s');
    expect(applyEdit(edited, { type: 'set-value', rule: 0, path: ['timeouts', 'request'], value: undefined })).toBe(
      text,
    );
  });

  it('leaves broken YAML alone', () => {
    const broken = 'kind: HTTPRoute\nspec: {rules: [\n';
    expect(applyEdit(broken, { type: 'remove-rule', rule: 0 })).toBe(broken);
  });

  it('reads back any weights that it wrote', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (a, b) => {
        const edited = applyEdit(text, { type: 'set-weights', rule: 1, weights: [a, b] });
        expect(viewOf(edited).rules[1]?.backends.map((backend) => backend.weight)).toEqual([a, b]);
      }),
    );
  });
});
