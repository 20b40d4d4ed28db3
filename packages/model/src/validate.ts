// One resource against its schema: every violation becomes a finding with path, words and remedy.
import type { z } from 'zod';
import { catalogue, type FindingCode } from './catalogue.ts';
import type { Finding } from './finding.ts';
import { nearest } from './nearest.ts';
import { isResourceKind, kinds, meshKinds, type Resource, type ResourceKey, schemas } from './resource.ts';
import { fieldsAt, isRecord } from './schema-walk.ts';

/** Findings of one resource are cut off here: nobody reads more, and hostile input must not make more. */
const FINDINGS_MAX = 100;

export type ValidationResult =
  | { readonly ok: true; readonly resource: Resource }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** A finding with where it is as path parts, so that a parser can find its line. */
export interface LocatedFinding {
  readonly finding: Finding;
  readonly at: readonly PropertyKey[];
}

export type LocatedResult =
  | { readonly ok: true; readonly resource: Resource }
  | { readonly ok: false; readonly findings: readonly LocatedFinding[] };

/** Checks one resource; all violations are reported, not only the first. */
export function validateResource(value: unknown): ValidationResult {
  const result = validateLocated(value);
  return result.ok ? result : { ok: false, findings: result.findings.map((located) => located.finding) };
}

/** `["spec", "rules", 0, "name"]` is `spec.rules[0].name`; keys that are no names are quoted. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

export function validateLocated(value: unknown): LocatedResult {
  const problem = identify(value);
  if (problem !== undefined) return { ok: false, findings: [problem] };
  const kind = isRecord(value) ? String(value.kind) : '';
  const schema: z.ZodType<Resource> | undefined = isResourceKind(kind) ? schemas[kind] : undefined;
  if (schema === undefined) return { ok: false, findings: [] };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, resource: parsed.data };
  const reporter = new IssueReporter(schema, value, keyOfUnknown(value));
  for (const issue of parsed.error.issues) reporter.report(issue, []);
  return { ok: false, findings: reporter.findings };
}

function located(code: FindingCode, at: readonly PropertyKey[], message: string, object?: ResourceKey): LocatedFinding {
  const { severity, remedy } = catalogue[code];
  const finding = { code, severity, path: formatPath(at), message, remedy };
  return { finding: object === undefined ? finding : { ...finding, object }, at };
}

/** What keeps a value from being told which kind it is. */
function identify(value: unknown): LocatedFinding | undefined {
  if (!isRecord(value)) {
    return located(
      'MALHA1004',
      [],
      `A resource is a mapping with apiVersion, kind, metadata and spec, not ${nameType(value)}.`,
    );
  }
  for (const field of ['apiVersion', 'kind']) {
    if (value[field] === undefined) return located('MALHA1004', [field], `The resource has no ${field}.`);
    if (typeof value[field] !== 'string') return located('MALHA1004', [field], `${field} must be text.`);
  }
  const kind = String(value.kind);
  if (!isResourceKind(kind)) {
    const near = nearest(kind, kinds);
    const hint = near === undefined ? `Known kinds: ${kinds.join(', ')}.` : `Did you mean ${near}?`;
    return located('MALHA1005', ['kind'], `There is no kind "${kind}". ${hint}`);
  }
  const versions: readonly string[] = schemas[kind].def.shape.apiVersion.def.values;
  const [wanted = ''] = versions;
  if (versions.includes(String(value.apiVersion))) return undefined;
  return located('MALHA1005', ['apiVersion'], `${kind} has apiVersion "${wanted}", not "${String(value.apiVersion)}".`);
}

/** The key of a value that may be broken elsewhere. */
export function keyOfUnknown(value: unknown): ResourceKey | undefined {
  if (!isRecord(value) || !isRecord(value.metadata)) return undefined;
  const { kind, metadata } = value;
  if (typeof kind !== 'string' || !isResourceKind(kind) || typeof metadata.name !== 'string') return undefined;
  if (meshKinds.has(kind)) return `${kind}//${metadata.name}`;
  return `${kind}/${typeof metadata.namespace === 'string' ? metadata.namespace : 'default'}/${metadata.name}`;
}

class IssueReporter {
  readonly findings: LocatedFinding[] = [];
  readonly #schema: z.ZodType<Resource>;
  readonly #value: unknown;
  readonly #object: ResourceKey | undefined;

  constructor(schema: z.ZodType<Resource>, value: unknown, object: ResourceKey | undefined) {
    this.#schema = schema;
    this.#value = value;
    this.#object = object;
  }

  report(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): void {
    const at = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.#unknownField(key, at);
      return;
    }
    if (issue.code === 'invalid_key') {
      for (const inner of issue.issues) this.#add('MALHA1008', at, `${formatPath(at)}: the key ${inner.message}`);
      return;
    }
    if (this.#at(at) === undefined && issue.code !== 'custom') {
      this.#add('MALHA1007', at, `${formatPath(at)} is missing.`);
      return;
    }
    this.#add('MALHA1008', at, `${formatPath(at)} ${this.#words(issue, at)}.`);
  }

  #unknownField(key: string, parent: readonly PropertyKey[]): void {
    const known = fieldsAt(this.#schema, this.#value, parent);
    const near = nearest(key, known);
    const hint = near !== undefined ? `Did you mean "${near}"?` : `Known fields here: ${known.join(', ')}.`;
    const where = parent.length === 0 ? 'the resource' : formatPath(parent);
    this.#add('MALHA1006', [...parent, key], `${where} has no field "${key}". ${hint}`);
  }

  #words(issue: z.core.$ZodIssue, at: readonly PropertyKey[]): string {
    const value = this.#at(at);
    switch (issue.code) {
      case 'invalid_type':
        return `must be ${article(issue.expected)}, not ${nameType(value)}`;
      case 'invalid_value':
        return `must be ${listOf(issue.values)}, not ${show(value)}`;
      case 'too_small':
        return `must ${bound(issue.origin, `at least ${issue.minimum}`)}, not ${show(size(value))}`;
      case 'too_big':
        return `must ${bound(issue.origin, `at most ${issue.maximum}`)}, not ${show(size(value))}`;
      case 'invalid_union':
        return this.#unionWords(issue, value);
      default:
        return issue.code === 'invalid_format' || issue.code === 'custom'
          ? issue.message
          : `is not allowed: ${issue.message}`;
    }
  }

  #unionWords(issue: z.core.$ZodIssueInvalidUnion, value: unknown): string {
    const expected = issue.errors.flat().flatMap((inner) => {
      if (inner.code === 'invalid_value') return inner.values.map((item) => show(item));
      return inner.code === 'invalid_type' ? [article(inner.expected)] : [inner.message];
    });
    if (expected.length > 0) return `must be ${[...new Set(expected)].join(' or ')}, not ${show(value)}`;
    return `must be one of the known types, not ${show(value)}`;
  }

  #at(path: readonly PropertyKey[]): unknown {
    let value = this.#value;
    for (const key of path) value = isRecord(value) || Array.isArray(value) ? Reflect.get(value, key) : undefined;
    return value;
  }

  #add(code: FindingCode, at: readonly PropertyKey[], message: string): void {
    if (this.findings.length < FINDINGS_MAX) this.findings.push(located(code, at, message, this.#object));
  }
}

function nameType(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? 'text' : show(value);
}

const ARTICLES: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  array: 'a list',
  record: 'a mapping',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};

function article(expected: string): string {
  return ARTICLES[expected] ?? expected;
}

function listOf(values: readonly unknown[]): string {
  const shown = values.map((value) => show(value));
  return shown.length === 1 ? (shown[0] ?? '') : `one of ${shown.join(', ')}`;
}

function show(value: unknown): string {
  const text =
    typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? nameType(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function size(value: unknown): unknown {
  return typeof value === 'string' || Array.isArray(value) ? value.length : value;
}

function bound(origin: string, text: string): string {
  if (origin === 'string') return `have ${text} characters`;
  return origin === 'array' ? `have ${text} items` : `be ${text}`;
}
