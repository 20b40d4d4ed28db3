// What the form shows of a route: a reading of the YAML, with the line of each part. Never the source of truth.
import { isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument, type YAMLMap } from 'yaml';

export type MatchKind = 'path' | 'method' | 'header' | 'query';
export type MatchType = 'Exact' | 'PathPrefix' | 'RegularExpression';

export interface Condition {
  readonly kind: MatchKind;
  readonly type: MatchType;
  /** Name of the header or query parameter; '' for path and method. */
  readonly name: string;
  readonly value: string;
}

export interface BackendView {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly port: number | undefined;
  /** As it is stored; 1 where nothing is said (Gateway API). */
  readonly weight: number;
  readonly hasFilters: boolean;
  readonly line: number;
}

export interface RuleView {
  readonly index: number;
  readonly name: string;
  /** Alternatives; within one, all conditions hold. Empty = everything. */
  readonly matches: readonly (readonly Condition[])[];
  readonly backends: readonly BackendView[];
  readonly requestTimeout: string | undefined;
  readonly retryAttempts: number | undefined;
  readonly mirrorTo: string | undefined;
  readonly stickyBy: string | undefined;
  /** Filter types that the form does not edit, but keeps. */
  readonly otherFilters: readonly string[];
  readonly line: number;
  readonly endLine: number;
}

export interface RouteView {
  readonly name: string;
  readonly namespace: string;
  readonly parentService: string | undefined;
  readonly rules: readonly RuleView[];
}

export interface SyntaxProblem {
  readonly message: string;
  readonly line: number;
}

export type Reading =
  | { readonly ok: true; readonly view: RouteView }
  | { readonly ok: false; readonly problem: SyntaxProblem };

type MaybeNode = Node | ParsedNode | null | undefined | unknown;

function mapOf(node: MaybeNode): YAMLMap | undefined {
  return isMap(node) ? (node as YAMLMap) : undefined;
}

function itemsOf(map: YAMLMap | undefined, key: string): readonly YAMLMap[] {
  const node = map?.get(key, true) as MaybeNode;
  return isSeq(node) ? node.items.filter((item): item is YAMLMap => isMap(item)) : [];
}

function textOf(map: YAMLMap | undefined, key: string): string | undefined {
  const node = map?.get(key, true) as MaybeNode;
  if (!isScalar(node) || node.value === null || node.value === undefined) return undefined;
  return String(node.value);
}

function numberOf(map: YAMLMap | undefined, key: string): number | undefined {
  const node = map?.get(key, true) as MaybeNode;
  return isScalar(node) && typeof node.value === 'number' ? node.value : undefined;
}

function typeOf(map: YAMLMap, fallback: MatchType): MatchType {
  const text = textOf(map, 'type');
  return text === 'Exact' || text === 'PathPrefix' || text === 'RegularExpression' ? text : fallback;
}

function conditionsOf(match: YAMLMap): readonly Condition[] {
  const path = mapOf(match.get('path', true));
  const method = textOf(match, 'method');
  const named = (key: string, kind: MatchKind): Condition[] =>
    itemsOf(match, key).map((item) => ({
      kind,
      type: typeOf(item, 'Exact'),
      name: textOf(item, 'name') ?? '',
      value: textOf(item, 'value') ?? '',
    }));
  return [
    ...(path === undefined
      ? []
      : [{ kind: 'path' as const, type: typeOf(path, 'PathPrefix'), name: '', value: textOf(path, 'value') ?? '/' }]),
    ...(method === undefined ? [] : [{ kind: 'method' as const, type: 'Exact' as const, name: '', value: method }]),
    ...named('headers', 'header'),
    ...named('queryParams', 'query'),
  ];
}

function lineOf(node: Node | YAMLMap, lines: LineCounter): number {
  return lines.linePos(node.range?.[0] ?? 0).line;
}

function backendOf(item: YAMLMap, lines: LineCounter): BackendView {
  const weight = item.get('weight', true) as MaybeNode;
  return {
    group: textOf(item, 'group') ?? '',
    kind: textOf(item, 'kind') ?? 'Service',
    name: textOf(item, 'name') ?? '',
    port: numberOf(item, 'port'),
    weight: Math.max(0, numberOf(item, 'weight') ?? 1),
    hasFilters: item.has('filters'),
    line: lineOf(isScalar(weight) ? weight : item, lines),
  };
}

function stickyOf(rule: YAMLMap): string | undefined {
  const session = mapOf(rule.get('sessionPersistence', true));
  return session === undefined ? undefined : (textOf(session, 'type') ?? 'Cookie').toLowerCase();
}

function ruleOf(rule: YAMLMap, index: number, lines: LineCounter): RuleView {
  const filters = itemsOf(rule, 'filters');
  const mirror = filters.find((filter) => textOf(filter, 'type') === 'RequestMirror');
  const mirrorRef = mapOf(mapOf(mirror?.get('requestMirror', true))?.get('backendRef', true));
  const line = lineOf(rule, lines);
  return {
    index,
    name: textOf(rule, 'name') ?? '',
    matches: itemsOf(rule, 'matches').map(conditionsOf),
    backends: itemsOf(rule, 'backendRefs').map((item) => backendOf(item, lines)),
    requestTimeout: textOf(mapOf(rule.get('timeouts', true)), 'request'),
    retryAttempts: numberOf(mapOf(rule.get('retry', true)), 'attempts'),
    mirrorTo: textOf(mirrorRef, 'name'),
    stickyBy: stickyOf(rule),
    otherFilters: filters
      .map((filter) => textOf(filter, 'type') ?? '')
      .filter((type) => type !== '' && type !== 'RequestMirror'),
    line,
    endLine: lines.linePos(Math.max(0, (rule.range?.[1] ?? 1) - 1)).line,
  };
}

export function readRoute(text: string): Reading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined)
    return { ok: false, problem: { message: error.message, line: lines.linePos(error.pos[0]).line } };
  const root = mapOf(document.contents);
  if (root === undefined)
    return { ok: false, problem: { message: 'This is not a resource: expected fields.', line: 1 } };
  if (textOf(root, 'kind') !== 'HTTPRoute') {
    return { ok: false, problem: { message: 'The form edits an HTTPRoute; this is another kind.', line: 1 } };
  }
  const metadata = mapOf(root.get('metadata', true));
  const spec = mapOf(root.get('spec', true));
  const parent = itemsOf(spec, 'parentRefs').find((item) => (textOf(item, 'kind') ?? '') === 'Service');
  return {
    ok: true,
    view: {
      name: textOf(metadata, 'name') ?? '',
      namespace: textOf(metadata, 'namespace') ?? '',
      parentService: textOf(parent, 'name'),
      rules: itemsOf(spec, 'rules').map((rule, index) => ruleOf(rule, index, lines)),
    },
  };
}
