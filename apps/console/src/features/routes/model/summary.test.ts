import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { summaryOf } from './summary.ts';
import { readRoute } from './view.ts';

function summary(rules: readonly Record<string, unknown>[], kind = 'HTTPRoute') {
  const reading = readRoute(stringify({ kind, metadata: { name: 'r' }, spec: { rules } }));
  if (!reading.ok) throw new Error(reading.problem.message);
  return summaryOf(reading.view);
}

const mirror = { type: 'RequestMirror', requestMirror: { backendRef: { name: 's-v2' }, percent: 25 } };
const answer = { type: 'ExtensionRef', extensionRef: { group: 'malha.dev', kind: 'DirectResponse', name: 'closed' } };

it.each([
  ['one rule for everything', [{ filters: [mirror], backendRefs: [{ name: 's' }] }], '→ s', 'mirror 25 % to s-v2'],
  ['an answer of the proxy', [{ filters: [answer] }], 'answered by the proxy', 'answer by closed'],
  [
    'rules that match',
    [{ matches: [{ path: { value: '/a' } }], backendRefs: [{ name: 's' }] }, { backendRefs: [{ name: 's' }] }],
    '2 rules',
    'path begins with /a',
  ],
])('says %s', (_, rules, lead, rest) => {
  expect(summary(rules)).toEqual({ lead, rest });
});

it('says where bytes go', () => {
  expect(summary([{ backendRefs: [{ name: 'db' }] }], 'TCPRoute')).toEqual({ lead: '→ db', rest: '' });
});
