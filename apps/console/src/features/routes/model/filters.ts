// What each filter is called, what it begins as, and what it does, in words. Pure.
import type { EditedKind } from './kinds.ts';
import type { FilterView, RuleView } from './view.ts';
import { FILTER_FIELDS } from './view.ts';
import type { Value, ValuePath } from './write-value.ts';

export type Body = Readonly<Record<string, unknown>>;

export function recordAt(body: Body, key: string): Body {
  const value = body[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Body) : {};
}

export function textAt(body: Body, key: string): string {
  const value = body[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function numberAt(body: Body, key: string): number | undefined {
  const value = body[key];
  return typeof value === 'number' ? value : undefined;
}

export function textsAt(body: Body, key: string): readonly string[] {
  const value = body[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function recordsAt(body: Body, key: string): readonly Body[] {
  const value = body[key];
  return Array.isArray(value) ? value.map((_, index) => recordAt({ ...value }, String(index))) : [];
}

export interface FilterKind {
  readonly type: string;
  /** Row label. */
  readonly name: string;
  /** Entry of the menu. */
  readonly add: string;
  readonly isRepeatable: boolean;
}

export const FILTER_KINDS: readonly FilterKind[] = [
  { type: 'RequestHeaderModifier', name: 'Request', add: 'Change request headers', isRepeatable: false },
  { type: 'ResponseHeaderModifier', name: 'Response', add: 'Change response headers', isRepeatable: false },
  { type: 'URLRewrite', name: 'Rewrite', add: 'Rewrite host or path', isRepeatable: false },
  { type: 'RequestRedirect', name: 'Redirect', add: 'Redirect the caller', isRepeatable: false },
  { type: 'RequestMirror', name: 'Mirror', add: 'Mirror to a version', isRepeatable: true },
  { type: 'CORS', name: 'CORS', add: 'Let other origins call (CORS)', isRepeatable: false },
  { type: 'ExtensionRef', name: 'Answer', add: 'Answer by itself (DirectResponse)', isRepeatable: false },
];

/** Filters of the Gateway API for GRPCRoute; a redirect or a rewrite of paths means nothing to gRPC. */
const OF_GRPC: ReadonlySet<string> = new Set(['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestMirror']);

export function filterKindsOf(kind: EditedKind): readonly FilterKind[] {
  return kind === 'GRPCRoute' ? FILTER_KINDS.filter(({ type }) => OF_GRPC.has(type)) : FILTER_KINDS;
}

export function kindOf(type: string): FilterKind | undefined {
  return FILTER_KINDS.find((kind) => kind.type === type);
}

/** Why a filter of the type cannot be added to those that stand; undefined = it can. */
export function hindranceOf(type: string, filters: readonly FilterView[]): string | undefined {
  const has = (other: string) => filters.some((filter) => filter.type === other);
  if (kindOf(type)?.isRepeatable === false && has(type)) return 'there is one';
  if (type === 'RequestRedirect' && has('URLRewrite')) return 'not beside a rewrite';
  if (type === 'URLRewrite' && has('RequestRedirect')) return 'not beside a redirect';
  return undefined;
}

export interface MirrorTarget {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly port: number | undefined;
}

export function targetFields({ group, kind, name, port }: MirrorTarget): Record<string, Value> {
  return {
    ...(group !== '' && { group }),
    ...(kind !== 'Service' && { kind }),
    name,
    ...(port !== undefined && { port }),
  };
}

/** A filter as it is when it has just been added: the least that is worth looking at. */
export function newFilter(type: string, mirror: MirrorTarget): Value {
  const bodies: Record<string, Value> = {
    RequestHeaderModifier: { set: [{ name: '', value: '' }] },
    ResponseHeaderModifier: { set: [{ name: '', value: '' }] },
    URLRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } },
    RequestRedirect: { scheme: 'https', statusCode: 302 },
    RequestMirror: { backendRef: targetFields(mirror), percent: 10 },
    ExtensionRef: { group: 'malha.dev', kind: 'DirectResponse', name: '' },
    CORS: { allowOrigins: ['https://'], allowMethods: ['GET', 'POST'] },
  };
  return { type, [FILTER_FIELDS[type] ?? '']: bodies[type] ?? {} };
}

/** `spec.rules[1].filters[0].cors`, as findings name it. */
export function pathInWords(rule: number, path: ValuePath): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${key}`),
    `spec.rules[${rule}]`,
  );
}

function headersInWords(body: Body): string {
  const verbs = [
    ['set', 'sets'],
    ['add', 'adds'],
  ] as const;
  const said = verbs.flatMap(([key, verb]) =>
    recordsAt(body, key).map((header) => `${verb} ${textAt(header, 'name')}: ${textAt(header, 'value')}`),
  );
  return [...said, ...textsAt(body, 'remove').map((name) => `removes ${name}`)].join(', ');
}

function pathModifierInWords(body: Body): string {
  const path = recordAt(body, 'path');
  if (textAt(path, 'type') === 'ReplaceFullPath') return `path ${textAt(path, 'replaceFullPath')}`;
  return textAt(path, 'type') === 'ReplacePrefixMatch' ? `prefix ${textAt(path, 'replacePrefixMatch') || '/'}` : '';
}

export function filterInWords({ type, body }: FilterView): string {
  switch (type) {
    case 'RequestHeaderModifier':
      return `request ${headersInWords(body)}`;
    case 'ResponseHeaderModifier':
      return `response ${headersInWords(body)}`;
    case 'URLRewrite':
      return `rewrite ${[textAt(body, 'hostname'), pathModifierInWords(body)].filter(Boolean).join(', ')}`;
    case 'RequestRedirect': {
      const to = [textAt(body, 'scheme'), textAt(body, 'hostname'), pathModifierInWords(body)].filter(Boolean);
      return `redirect ${textAt(body, 'statusCode') || '302'} ${to.join(', ')}`;
    }
    case 'RequestMirror':
      return `mirror ${mirrorShare(body)} to ${textAt(recordAt(body, 'backendRef'), 'name')}`;
    case 'CORS':
      return `CORS for ${textsAt(body, 'allowOrigins').join(', ') || 'no origin'}`;
    case 'ExtensionRef':
      return `${isDirectResponse(body) ? 'answer by' : textAt(body, 'kind')} ${textAt(body, 'name')}`;
    default:
      return type || 'a filter without a type';
  }
}

/** The one extension that the mesh knows. */
export function isDirectResponse(body: Body): boolean {
  return textAt(body, 'kind') === 'DirectResponse';
}

/** Percent or fraction, as the Gateway API writes it; all without either. */
export function mirrorShare(body: Body): string {
  const percent = numberAt(body, 'percent');
  if (percent !== undefined) return `${percent} %`;
  const fraction = recordAt(body, 'fraction');
  const numerator = numberAt(fraction, 'numerator');
  return numerator === undefined ? '100 %' : `${numerator}/${numberAt(fraction, 'denominator') ?? 100}`;
}

/** Filters of a rule and of its backends, in the order they are written. */
export function filtersInWords(rule: RuleView): readonly string[] {
  return [
    ...rule.filters.map(filterInWords),
    ...rule.backends.flatMap((backend) => backend.filters.map((each) => `${backend.name}: ${filterInWords(each)}`)),
  ];
}
