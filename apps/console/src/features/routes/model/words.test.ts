import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { filtersInWords } from './filters.ts';
import { readRoute } from './view.ts';
import { cohortSentence } from './words.ts';

function ruleOf(rule: Record<string, unknown>) {
  const reading = readRoute(stringify({ kind: 'HTTPRoute', metadata: { name: 'r' }, spec: { rules: [rule] } }));
  const found = reading.ok ? reading.view.rules[0] : undefined;
  if (found === undefined) throw new Error('no rule');
  return found;
}

const version = (name: string, weight: number) => ({ group: 'malha.dev', kind: 'ServiceVersion', name, weight });

it('says what raising the smaller share does, with a cohort and without', () => {
  const rule = ruleOf({ backendRefs: [version('s-v1', 90), version('s-v2', 10)] });
  expect(cohortSentence(rule, 'cookie')).toBe(
    'Users with the same cookie stay on one version: raising v2 above 10 % moves only new ones to it, and nobody back.',
  );
  expect(cohortSentence(rule, '')).toContain('gives every user a larger chance');
});

it('says each filter of a rule and of its backends', () => {
  const rule = ruleOf({
    filters: [
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'a', value: '1' }], remove: ['b'] } },
      { type: 'RequestMirror', requestMirror: { backendRef: { name: 's-v2' }, fraction: { numerator: 1 } } },
      { type: 'CORS', cors: { allowOrigins: ['https://a.example'] } },
    ],
    backendRefs: [
      {
        name: 's',
        filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/x' } } }],
      },
    ],
  });
  expect(filtersInWords(rule)).toEqual([
    'request sets a: 1, removes b',
    'mirror 1/100 to s-v2',
    'CORS for https://a.example',
    's: rewrite path /x',
  ]);
});
