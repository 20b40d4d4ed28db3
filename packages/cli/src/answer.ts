// Strict reading of the control plane's JSON answers.
import { type Finding, type Resource, validateResource } from '@malha/model';
import { ApiError } from './api-client.ts';
import { describeFinding } from './finding-text.ts';

function unusable(what: string): ApiError {
  return new ApiError('MALHA5903', `the control plane's answer has no ${what}; is it of another version?`);
}

export function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw unusable(what);
  return value as Readonly<Record<string, unknown>>;
}

export function stringField(value: unknown, field: string): string {
  const found = objectOf(value, field)[field];
  if (typeof found !== 'string') throw unusable(field);
  return found;
}

export function numberField(value: unknown, field: string): number {
  const found = objectOf(value, field)[field];
  if (typeof found !== 'number') throw unusable(field);
  return found;
}

export function listField(value: unknown, field: string): readonly unknown[] {
  const found = objectOf(value, field)[field];
  if (!Array.isArray(found)) throw unusable(field);
  return found;
}

export interface StoredItem {
  readonly key: string;
  readonly resource: Resource;
  readonly revision: number;
  readonly updatedBy: string;
}

/** The answer of GET /resources. */
export function storedItems(answer: unknown): readonly StoredItem[] {
  return listField(answer, 'items').map((item) => {
    const checked = validateResource(objectOf(item, 'resource').resource);
    if (!checked.ok) throw unusable(`resource that this version of malha understands (${stringField(item, 'key')})`);
    return {
      key: stringField(item, 'key'),
      resource: checked.resource,
      revision: numberField(item, 'revision'),
      updatedBy: stringField(item, 'updatedBy'),
    };
  });
}

/** Lines for what the control plane has to say about resources. */
export function describeAnswerFindings(answer: unknown): readonly string[] {
  const { findings } = objectOf(answer, 'answer');
  if (!Array.isArray(findings)) return [];
  return findings.filter(isFinding).map(describeFinding);
}

function isFinding(value: unknown): value is Finding {
  const { code, severity, path, message } = objectOf(value, 'finding');
  return [code, severity, path, message].every((field) => typeof field === 'string');
}
