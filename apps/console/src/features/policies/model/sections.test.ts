// The form of each kind against the model itself: what a field writes is what the schema takes.
import { validateResource } from '@malha/model';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Field, parseField } from './field.ts';
import { POLICY_KINDS, type PolicyKind } from './kinds.ts';
import { fieldsOfLimit } from './limit-sections.ts';
import { newPolicyYaml } from './new-policy.ts';
import { readPolicy, writeSpec } from './policy.ts';
import { SECTIONS } from './sections.ts';

const TARGET = { kind: 'Service', name: 'reviews', rule: '' };
const fresh = (kind: PolicyKind) => newPolicyYaml({ kind, namespace: 'shop', name: 'x', target: TARGET });

/** Something sensible to type into a field; those with rules of their own are named. */
const TYPED: Readonly<Record<string, string>> = {
  'retries.statusCodes': '502, 503',
  'loadBalancer.hashOn': 'header:x-user, cookie:id, query:q, ip',
  'loadBalancer.tableSize': '65537',
  'loadBalancer.locality.weights': 'eu/a=80, us=20',
  'healthCheck.http.path': '/healthz',
  'healthCheck.http.expectedStatuses': '200, 204',
  'healthCheck.grpc.service': 'books.Catalog',
  'limits.0.by': 'identity, x-user',
  'limits.0.match.callers': 'shop/web, blog',
  'limits.0.match.methods': 'GET, POST',
  'limits.0.match.paths': '/api/*, /x',
  'limits.0.match.headers': 'x-test-run=*, x-plan=free|trial',
  'global.service.name': 'counter',
  'abort.httpStatus': '503',
  'abort.grpcStatus': '14',
  'match.methods': 'GET',
  'match.paths': '/api/*',
  'match.headers': 'x-test-run=*',
  callers: 'shop/web',
  'experiment.hypothesis.0.maxP99': '200ms',
};

function valueFor({ path, kind }: Field) {
  if (kind.type === 'choice') return kind.options[0]?.value ?? '';
  if (kind.type === 'choices') return [kind.options[0]?.value ?? ''];
  if (kind.type === 'present') return {};
  const typed =
    TYPED[path.join('.')] ?? (kind.type === 'duration' ? '30s' : kind.type === 'percent' ? '50' : undefined);
  const least = kind.type === 'number' ? String(Math.max(1, kind.least)) : kind.type === 'decimal' ? '1.5' : '';
  const parsed = parseField(kind, typed ?? least);
  if (!parsed.ok) throw new Error(`${path.join('.')}: ${parsed.problem}`);
  return parsed.value;
}

function fieldsOf(kind: PolicyKind): readonly Field[] {
  return [...SECTIONS[kind].flatMap(({ fields }) => fields), ...(kind === 'RateLimit' ? fieldsOfLimit(0) : [])];
}

/** Violations that name the field itself; that another one is missing beside it is not its fault. */
function violationsAt(text: string, path: Field['path']): readonly string[] {
  const result = validateResource(parse(text));
  const place = path.reduce<string>((at, key) => (typeof key === 'number' ? `${at}[${key}]` : `${at}.${key}`), 'spec');
  return result.ok
    ? []
    : result.findings.filter((finding) => finding.path.startsWith(place)).map(({ message }) => message);
}

describe.each(POLICY_KINDS)('the form of %s', (kind) => {
  it('begins with a text that is valid', () => {
    expect(validateResource(parse(fresh(kind)))).toMatchObject({ ok: true });
    expect(readPolicy(fresh(kind))).toMatchObject({ ok: true, view: { kind, name: 'x', namespace: 'shop' } });
  });

  it('writes into every field what the schema takes', () => {
    for (const field of fieldsOf(kind)) {
      const text = writeSpec(fresh(kind), field.path, valueFor(field));
      expect(violationsAt(text, field.path), field.path.join('.')).toEqual([]);
    }
  });

  it('names fields that the schema knows', () => {
    for (const field of fieldsOf(kind)) {
      const result = validateResource(parse(writeSpec(fresh(kind), field.path, valueFor(field))));
      const unknown = result.ok ? [] : result.findings.filter(({ message }) => /unknown field/i.test(message));
      expect(unknown, field.path.join('.')).toEqual([]);
    }
  });

  it('says for each field what it does, and what holds without it unless it must be given', () => {
    const fields = fieldsOf(kind);
    for (const { label, effect } of fields) expect([label !== '', effect.endsWith('.')]).toEqual([true, true]);
    expect(new Set(fields.map(({ path }) => path.join('.'))).size).toBe(fields.length);
  });
});

it('an experiment begins with a hypothesis and a bound of harm', () => {
  const place = { kind: 'FaultInjection', namespace: 'shop', name: 'x', target: TARGET } as const;
  const text = newPolicyYaml({ ...place, isExperiment: true });
  expect(validateResource(parse(text))).toMatchObject({ ok: true });
  expect(parse(text).spec).toMatchObject({ stop: {}, experiment: { hypothesis: [{ of: 'Callers' }] } });
  expect(parse(newPolicyYaml(place)).spec).not.toHaveProperty('experiment');
});

describe('what is typed', () => {
  it('comes back as it was typed', () => {
    for (const kind of POLICY_KINDS)
      for (const { path, kind: form } of fieldsOf(kind)) {
        const typed = TYPED[path.join('.')];
        if (form.type !== 'list' || typed === undefined) continue;
        const parsed = parseField(form, typed);
        const list = parsed.ok && Array.isArray(parsed.value) ? parsed.value : [];
        expect(form.format(list).toLowerCase(), path.join('.')).toBe(typed.toLowerCase());
      }
  });

  it.each([
    ['retries.attempts', '11'],
    ['retries.budget.percent', '101'],
    ['timeouts.request', 'soon'],
    ['loadBalancer.hashOn', 'header'],
    ['loadBalancer.locality.weights', 'eu=0'],
    ['outlierDetection.successRate.stdevFactor', '-1'],
  ])('is not written into %s as %s', (path, text) => {
    const field = fieldsOf('TrafficPolicy').find((each) => each.path.join('.') === path);
    expect(field && parseField(field.kind, text).ok).toBe(false);
  });
});
