// One field of a policy's form: what it is called, its unit, what the mesh does without it, and its effect in a sentence.
import { isDuration } from '@malha/model/duration';
import type { Value, ValuePath } from '#features/routes/index.ts';

export type FieldKind =
  | { readonly type: 'duration' }
  | { readonly type: 'number'; readonly unit: string; readonly least: number; readonly most: number }
  /** 0 to 100, also with a fraction. */
  | { readonly type: 'percent'; readonly of: string }
  | { readonly type: 'text'; readonly unit?: string }
  | { readonly type: 'choice'; readonly options: readonly Option[] }
  /** Several of a few. */
  | { readonly type: 'choices'; readonly options: readonly Option[] }
  /** `502, 503` */
  | { readonly type: 'numbers'; readonly unit: string }
  | { readonly type: 'decimal'; readonly unit: string; readonly most: number }
  /** A part that is there or not, `{}`. */
  | { readonly type: 'present' }
  /** Several of something that has a form of its own in one line. */
  | ({ readonly type: 'list' } & ListCodec);

export interface ListCodec {
  readonly unit: string;
  readonly format: (list: readonly unknown[]) => string;
  readonly parse: (text: string) => Parsed;
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

export interface Field {
  /** Under `spec`. */
  readonly path: ValuePath;
  readonly label: string;
  readonly kind: FieldKind;
  /** What holds where nothing is said; '' = it has to be said. */
  readonly fallback: string;
  readonly effect: string;
}

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What it protects from. */
  readonly purpose: string;
  /** Written whole, where it is asked for without any of its fields. */
  readonly root: ValuePath;
  readonly fields: readonly Field[];
  /** It does nothing until something of it is said. */
  readonly isOffByDefault: boolean;
}

/** Fields under one part of the spec. */
export function under(root: string, fields: readonly (Omit<Field, 'path'> & { readonly at: string })[]): Field[] {
  return fields.map(({ at, ...field }) => ({ ...field, path: [root, ...at.split('.')] }));
}

export const DURATION: FieldKind = { type: 'duration' };

export function number(unit: string, least: number, most: number): FieldKind {
  return { type: 'number', unit, least, most };
}

export function percentOf(of: string): FieldKind {
  return { type: 'percent', of };
}

export function choice(...values: readonly string[]): FieldKind {
  return { type: 'choice', options: values.map((value) => ({ value, label: value })) };
}

export function choices(...values: readonly string[]): FieldKind {
  return { type: 'choices', options: values.map((value) => ({ value, label: value })) };
}

export function unitOf(kind: FieldKind): string {
  switch (kind.type) {
    case 'duration':
      return 'ms, s, m, h';
    case 'percent':
      return `% of ${kind.of}`;
    case 'number':
    case 'numbers':
    case 'decimal':
    case 'list':
      return kind.unit;
    case 'text':
      return kind.unit ?? '';
    default:
      return '';
  }
}

export type Parsed = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

/** What is typed as what is written; only what makes sense is. */
export function parseField(kind: FieldKind, text: string): Parsed {
  switch (kind.type) {
    case 'duration':
      return isDuration(text) ? { ok: true, value: text } : wrong('is no duration: 250ms, 15s, 1m30s');
    case 'number':
      return parseNumber(text, kind);
    case 'percent': {
      const value = Number(text);
      return /^\d{1,3}(\.\d{1,3})?$/.test(text) && value <= 100
        ? { ok: true, value }
        : wrong('is no percentage from 0 to 100');
    }
    case 'decimal': {
      const value = Number(text);
      return /^\d{1,6}(\.\d{1,6})?$/.test(text) && value <= kind.most
        ? { ok: true, value }
        : wrong(`is no number from 0 to ${kind.most}`);
    }
    case 'list':
      return kind.parse(text);
    case 'numbers': {
      const parts = text.split(/[\s,]+/).filter((part) => part !== '');
      const isWhole = parts.every((part) => /^\d{1,6}$/.test(part));
      return isWhole ? { ok: true, value: parts.map(Number) } : wrong('is no list of whole numbers');
    }
    default:
      return { ok: true, value: text };
  }
}

function parseNumber(text: string, { least, most }: FieldKind & { type: 'number' }): Parsed {
  const value = Number(text);
  return /^\d{1,10}$/.test(text) && value >= least && value <= most
    ? { ok: true, value }
    : wrong(`is no whole number from ${least} to ${most.toLocaleString('en')}`);
}

export function wrong(problem: string): Parsed {
  return { ok: false, problem };
}
