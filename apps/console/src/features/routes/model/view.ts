// What the form shows of a route: a reading of the YAML, with the line of each part. Never the source of truth.
import { isScalar, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { splitDocuments } from './documents.ts';
import { type EditedKind, hasPolicies, isEditedKind } from './kinds.ts';
import { type ListenerView, listenersOf } from './listeners.ts';
import { type ParentView, parentsOf } from './parents.ts';
import { type PolicyView, readPolicies } from './policies.ts';
import {
  endLineOf,
  itemsOf,
  lineOf,
  type MaybeNode,
  mapOf,
  numberOf,
  numbersOf,
  type Source,
  textOf,
  textsOf,
} from './yaml-read.ts';

/** `rpc` is a method of gRPC: its service in `name`, its method in `value`, either may be any (''). */
export type MatchKind = 'path' | 'method' | 'header' | 'query' | 'rpc';
export type MatchType = 'Exact' | 'PathPrefix' | 'RegularExpression';

export interface Condition {
  readonly kind: MatchKind;
  readonly type: MatchType;
  /** Name of the header, query parameter or gRPC service; '' for path and method. */
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
  readonly filters: readonly FilterView[];
  readonly line: number;
}

export interface FilterView {
  /** `RequestHeaderModifier`, `URLRewrite`, …; '' where it is not said. */
  readonly type: string;
  /** What stands under the field of its type, as it is written. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly line: number;
}

export interface RuleView {
  readonly index: number;
  readonly name: string;
  /** Alternatives; within one, all conditions hold. Empty = everything. */
  readonly matches: readonly (readonly Condition[])[];
  readonly backends: readonly BackendView[];
  readonly filters: readonly FilterView[];
  readonly requestTimeout: string | undefined;
  readonly attemptTimeout: string | undefined;
  readonly retryAttempts: number | undefined;
  readonly retryBackoff: string | undefined;
  readonly retryCodes: readonly number[];
  /** By the Gateway API's session persistence; a cohort is in the rule's RoutePolicy. */
  readonly sessionBy: string | undefined;
  readonly line: number;
  readonly endLine: number;
}

export interface RouteView {
  readonly kind: EditedKind;
  readonly name: string;
  readonly namespace: string;
  /** The Service that it belongs to, where it has one. */
  readonly parentService: string | undefined;
  readonly parents: readonly ParentView[];
  readonly hostnames: readonly string[];
  /** Of a Gateway; none of a route. */
  readonly listeners: readonly ListenerView[];
  readonly rules: readonly RuleView[];
  readonly policies: readonly PolicyView[];
}

export interface SyntaxProblem {
  readonly message: string;
  readonly line: number;
}

export type Reading =
  | { readonly ok: true; readonly view: RouteView }
  | { readonly ok: false; readonly problem: SyntaxProblem };

const ALIASES_MAX = 100;

function typeOf(map: YAMLMap, fallback: MatchType): MatchType {
  const text = textOf(map, 'type');
  return text === 'Exact' || text === 'PathPrefix' || text === 'RegularExpression' ? text : fallback;
}

function rpcOf(rpc: YAMLMap): Condition {
  return {
    kind: 'rpc',
    type: typeOf(rpc, 'Exact'),
    name: textOf(rpc, 'service') ?? '',
    value: textOf(rpc, 'method') ?? '',
  };
}

export function conditionsOf(match: YAMLMap): readonly Condition[] {
  const path = mapOf(match.get('path', true));
  const method = textOf(match, 'method');
  const rpc = mapOf(match.get('method', true));
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
    ...(rpc === undefined ? [] : [rpcOf(rpc)]),
    ...(method === undefined ? [] : [{ kind: 'method' as const, type: 'Exact' as const, name: '', value: method }]),
    ...named('headers', 'header'),
    ...named('queryParams', 'query'),
  ];
}

/** Field of each type's settings, as the Gateway API names it. */
export const FILTER_FIELDS: Readonly<Record<string, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  CORS: 'cors',
  ExternalAuth: 'externalAuth',
  ExtensionRef: 'extensionRef',
};

function filtersOf(map: YAMLMap, { document, lines }: Source): readonly FilterView[] {
  return itemsOf(map, 'filters').map((item) => {
    const type = textOf(item, 'type') ?? '';
    // With the document, so that aliases are what they stand for.
    const body: unknown = item.toJS(document, { maxAliasCount: ALIASES_MAX });
    const settings: unknown = (body as Record<string, unknown>)[FILTER_FIELDS[type] ?? ''];
    const isRecord = typeof settings === 'object' && settings !== null && !Array.isArray(settings);
    return { type, body: isRecord ? (settings as Record<string, unknown>) : {}, line: lineOf(item, lines) };
  });
}

function backendOf(item: YAMLMap, source: Source): BackendView {
  const weight = item.get('weight', true) as MaybeNode;
  return {
    group: textOf(item, 'group') ?? '',
    kind: textOf(item, 'kind') ?? 'Service',
    name: textOf(item, 'name') ?? '',
    port: numberOf(item, 'port'),
    weight: Math.max(0, numberOf(item, 'weight') ?? 1),
    filters: filtersOf(item, source),
    line: lineOf(isScalar(weight) ? weight : item, source.lines),
  };
}

function sessionOf(rule: YAMLMap): string | undefined {
  const session = mapOf(rule.get('sessionPersistence', true));
  return session === undefined ? undefined : (textOf(session, 'type') ?? 'Cookie').toLowerCase();
}

function ruleOf(rule: YAMLMap, index: number, source: Source): RuleView {
  const { lines } = source;
  const timeouts = mapOf(rule.get('timeouts', true));
  const retry = mapOf(rule.get('retry', true));
  return {
    index,
    name: textOf(rule, 'name') ?? '',
    matches: itemsOf(rule, 'matches').map(conditionsOf),
    backends: itemsOf(rule, 'backendRefs').map((item) => backendOf(item, source)),
    filters: filtersOf(rule, source),
    requestTimeout: textOf(timeouts, 'request'),
    attemptTimeout: textOf(timeouts, 'backendRequest'),
    retryAttempts: numberOf(retry, 'attempts'),
    retryBackoff: textOf(retry, 'backoff'),
    retryCodes: numbersOf(retry, 'codes'),
    sessionBy: sessionOf(rule),
    line: lineOf(rule, lines),
    endLine: endLineOf(rule, lines),
  };
}

function brokenPart(text: string, linesBefore: number): SyntaxProblem | undefined {
  const lines = new LineCounter();
  const error = parseDocument(text, { lineCounter: lines, prettyErrors: false }).errors[0];
  return error && { message: error.message, line: linesBefore + lines.linePos(error.pos[0]).line };
}

export function readRoute(text: string): Reading {
  const parts = splitDocuments(text);
  // The route stands first: what is put after it are its policies.
  const lines = new LineCounter();
  const document = parseDocument(parts[0]?.text ?? '', { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined)
    return { ok: false, problem: { message: error.message, line: lines.linePos(error.pos[0]).line } };
  const root = mapOf(document.contents);
  if (root === undefined)
    return { ok: false, problem: { message: 'This is not a resource: expected fields.', line: 1 } };
  const kind = textOf(root, 'kind') ?? '';
  if (!isEditedKind(kind)) {
    return {
      ok: false,
      problem: { message: 'The first document is a route or a gateway; this is another kind.', line: 1 },
    };
  }
  for (const part of parts.slice(1)) {
    const broken = brokenPart(part.text, part.linesBefore);
    if (broken !== undefined) return { ok: false, problem: broken };
  }
  const spec = mapOf(root.get('spec', true));
  const metadata = mapOf(root.get('metadata', true));
  const name = textOf(metadata, 'name') ?? '';
  const source = { document, lines };
  const parents = parentsOf(spec, source);
  return {
    ok: true,
    view: {
      name,
      kind,
      policies: hasPolicies(kind) ? readPolicies(text, { kind, name }) : [],
      namespace: textOf(metadata, 'namespace') ?? '',
      parentService: parents.find((parent) => parent.kind === 'Service')?.name,
      parents,
      hostnames: textsOf(spec, 'hostnames'),
      listeners: kind === 'Gateway' ? listenersOf(spec, source) : [],
      rules: itemsOf(spec, 'rules').map((rule, index) => ruleOf(rule, index, source)),
    },
  };
}
