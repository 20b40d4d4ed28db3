import { expect, it } from 'vitest';
import type { Finding } from '#trpc/contract.ts';
import { findingAt, wordsOf } from './field-findings.tsx';

const finding = (path: string, over: Partial<Finding> = {}): Finding => ({
  ...{ code: 'MALHA1008', severity: 'error', path, message: `${path} is wrong.` },
  ...over,
});

it('finds what is wrong with a field or anything under it, and nothing beside it', () => {
  const findings = [finding('spec.rules[1].filters[0].cors.maxAge'), finding('spec.rules[10].name')];
  const at = (path: string) => findingAt(findings, { kind: 'HTTPRoute', path })?.path;
  expect(at('spec.rules[1].filters[0]')).toBe('spec.rules[1].filters[0].cors.maxAge');
  expect(at('spec.rules[1].filters[1]')).toBeUndefined();
  expect(at('spec.rules[1].name')).toBeUndefined();
  expect(at('spec.rules[1]')).toBe('spec.rules[1].filters[0].cors.maxAge');
});

it('keeps findings of policies apart from those of the route, and errors before warnings', () => {
  const findings = [
    finding('spec.match', { object: 'RoutePolicy/n/p', severity: 'warning', message: 'a warning' }),
    finding('spec.match.percent', { object: 'RoutePolicy/n/p' }),
  ];
  expect(findingAt(findings, { kind: 'HTTPRoute', path: 'spec.match' })).toBeUndefined();
  expect(findingAt(findings, { kind: 'RoutePolicy', name: 'q', path: 'spec.match' })).toBeUndefined();
  expect(findingAt(findings, { kind: 'RoutePolicy', name: 'p', path: 'spec.match' })?.severity).toBe('error');
});

it('does not repeat the path that the field stands for', () => {
  expect(wordsOf(finding('spec.rules[0].name'))).toBe('is wrong.');
});
