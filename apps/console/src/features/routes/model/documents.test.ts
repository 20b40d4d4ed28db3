import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appendDocument, identitiesOf, replaceDocument, revisionsAfter, splitDocuments } from './documents.ts';

const route = 'kind: HTTPRoute\nmetadata: {name: r, namespace: n}\nspec: {a: 1}\n';
const policy = 'kind: RoutePolicy\nmetadata: {name: p, namespace: n}\nspec: {b: 1}\n';
const both = appendDocument(route, policy);

describe('documents of one text', () => {
  it('are the text again when they are put together', () => {
    const line = fc.constantFrom('---', '--- # a', '...', 'a: 1', '  - ---', '# c', '', '---x', 'b: |', '  ---');
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, isEnded) => {
        const text = lines.join('\n') + (isEnded ? '\n' : '');
        expect(
          splitDocuments(text)
            .map((part) => part.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });

  it('begin where their lines say', () => {
    expect(splitDocuments(`# note\n---\n${both}`).map((part) => part.linesBefore)).toEqual([0, 5]);
  });

  it('are exchanged, added and taken away by key', () => {
    const other = policy.replace('b: 1', 'b: 2');
    expect(replaceDocument(both, 'RoutePolicy/n/p', other)).toBe(appendDocument(route, other));
    expect(replaceDocument(both, 'RoutePolicy/n/p', null)).toBe(route);
    expect(replaceDocument(route, 'RoutePolicy/n/p', policy)).toBe(both);
  });

  it('say the same whatever their layout and order of fields', () => {
    const [one] = identitiesOf('kind: A\nmetadata: {name: x, namespace: n}\nspec: {a: 1, b: 2}\n');
    const [two] = identitiesOf('metadata:\n  namespace: n\n  name: x\nspec: {b: 2, a: 1} # c\nkind: A\n');
    expect(one).toEqual(two);
  });
});

describe('revisions after an apply', () => {
  it('rise only for what says something else', () => {
    const base = { yaml: both, revisions: { 'HTTPRoute/n/r': 3, 'RoutePolicy/n/p': 5 } };
    expect(revisionsAfter(base, `# comment\n${both.replace('a: 1', 'a: 2')}`, 9)).toEqual({
      'HTTPRoute/n/r': 9,
      'RoutePolicy/n/p': 5,
    });
  });

  it('forget what was taken away', () => {
    const base = { yaml: both, revisions: { 'HTTPRoute/n/r': 3, 'RoutePolicy/n/p': 5 } };
    expect(revisionsAfter(base, route, 9)).toEqual({ 'HTTPRoute/n/r': 3 });
  });
});
