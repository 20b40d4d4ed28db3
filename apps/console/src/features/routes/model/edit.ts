// Edits of the form as edits of the YAML: comments, unknown fields and layout of everything else stay as they are.
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Condition } from './view.ts';

export interface BackendTarget {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly port: number | undefined;
}

export type RouteEdit =
  | { readonly type: 'set-weights'; readonly rule: number; readonly weights: readonly number[] }
  | { readonly type: 'rename-rule'; readonly rule: number; readonly name: string }
  | { readonly type: 'add-rule'; readonly name: string; readonly target: BackendTarget }
  | { readonly type: 'remove-rule'; readonly rule: number }
  | { readonly type: 'move-rule'; readonly rule: number; readonly to: number }
  | { readonly type: 'set-matches'; readonly rule: number; readonly matches: readonly (readonly Condition[])[] }
  | { readonly type: 'set-backend'; readonly rule: number; readonly backend: number; readonly target: BackendTarget }
  | { readonly type: 'add-backend'; readonly rule: number; readonly target: BackendTarget }
  | { readonly type: 'remove-backend'; readonly rule: number; readonly backend: number }
  | { readonly type: 'set-timeout'; readonly rule: number; readonly request: string | undefined }
  | { readonly type: 'set-retries'; readonly rule: number; readonly attempts: number | undefined };

/** Writes sequences as the operator does: indented under their key, or level with it. */
function indentsSequences(text: string): boolean {
  const found = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- /m.exec(text);
  return found === null || (found[2] ?? '').length > (found[1] ?? '').length;
}

function write(document: Document, text: string): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: indentsSequences(text) });
}

function rulesOf(document: Document): YAMLSeq {
  const node = document.getIn(['spec', 'rules'], true);
  if (isSeq(node)) return node as YAMLSeq;
  document.setIn(['spec', 'rules'], document.createNode([]));
  return document.getIn(['spec', 'rules'], true) as YAMLSeq;
}

function ruleAt(document: Document, index: number): YAMLMap {
  const rule = rulesOf(document).items[index];
  if (!isMap(rule)) throw new RangeError(`the route has no rule ${index}`);
  return rule as YAMLMap;
}

function backendsOf(rule: YAMLMap, document: Document): YAMLSeq {
  const node = rule.get('backendRefs', true);
  if (isSeq(node)) return node as YAMLSeq;
  rule.set('backendRefs', document.createNode([]));
  return rule.get('backendRefs', true) as unknown as YAMLSeq;
}

function targetNode(target: BackendTarget, weight?: number): Record<string, unknown> {
  return {
    ...(target.group !== '' && { group: target.group }),
    ...(target.kind !== 'Service' && { kind: target.kind }),
    name: target.name,
    ...(target.port !== undefined && { port: target.port }),
    ...(weight !== undefined && { weight }),
  };
}

/** The smallest change there is: where a weight stands already, only its digits are replaced. */
function setWeights(text: string, document: Document, rule: YAMLMap, weights: readonly number[]): string {
  const backends = backendsOf(rule, document).items;
  const replacements: { start: number; end: number; digits: string }[] = [];
  let isStructural = false;
  weights.forEach((weight, index) => {
    const backend = backends[index];
    if (!isMap(backend)) return;
    const node = backend.get('weight', true);
    if (isScalar(node) && node.value === weight) return;
    if (isScalar(node) && node.range)
      replacements.push({ start: node.range[0], end: node.range[1], digits: String(weight) });
    else isStructural = true;
    backend.set('weight', weight);
  });
  if (isStructural) return write(document, text);
  return replacements
    .sort((a, b) => b.start - a.start)
    .reduce((result, { start, end, digits }) => result.slice(0, start) + digits + result.slice(end), text);
}

/** One match as the Gateway API writes it; defaults (PathPrefix, Exact) are left out unless they must be said. */
export function matchToFields(conditions: readonly Condition[]): Record<string, unknown> {
  const named = (kind: Condition['kind']) =>
    conditions
      .filter((condition) => condition.kind === kind)
      .map(({ type, name, value }) => ({ ...(type !== 'Exact' && { type }), name, value }));
  const path = conditions.find((condition) => condition.kind === 'path');
  const method = conditions.find((condition) => condition.kind === 'method');
  const headers = named('header');
  const queryParams = named('query');
  return {
    ...(path !== undefined && { path: { type: path.type, value: path.value } }),
    ...(headers.length > 0 && { headers }),
    ...(queryParams.length > 0 && { queryParams }),
    ...(method !== undefined && { method: method.value }),
  };
}

function setMatches(document: Document, rule: YAMLMap, matches: readonly (readonly Condition[])[]): void {
  const written = matches.map(matchToFields).filter((match) => Object.keys(match).length > 0);
  if (written.length === 0) {
    rule.delete('matches');
    return;
  }
  const old = rule.get('matches', true);
  const oldItems = isSeq(old) ? old.items : [];
  // A match that says the same keeps its node, and with it the comments on it.
  const nodes = written.map((match, index) => {
    const kept = oldItems[index];
    const isUnchanged = isMap(kept) && JSON.stringify(kept.toJS(document)) === JSON.stringify(match);
    return isUnchanged ? kept : document.createNode(match);
  });
  if (isSeq(old)) {
    old.items = nodes;
    return;
  }
  const sequence = document.createNode([]) as YAMLSeq;
  sequence.items = nodes;
  const pair = document.createPair('matches', sequence);
  // After the name, as people write it.
  rule.items.splice(rule.has('name') ? 1 : 0, 0, pair);
}

function setField(
  document: Document,
  rule: YAMLMap,
  path: readonly [string, string],
  value: string | number | undefined,
): void {
  const [outer, inner] = path;
  const node = rule.get(outer, true);
  if (value === undefined) {
    if (!isMap(node)) return;
    node.delete(inner);
    if (node.items.length === 0) rule.delete(outer);
    return;
  }
  if (isMap(node)) node.set(inner, value);
  else rule.set(outer, document.createNode({ [inner]: value }));
}

function addRule(document: Document, name: string, target: BackendTarget): void {
  const rules = rulesOf(document);
  rules.items.push(document.createNode({ name, backendRefs: [targetNode(target)] }));
  rules.flow = false;
}

export function applyEdit(text: string, edit: RouteEdit): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  if (edit.type === 'set-weights') return setWeights(text, document, ruleAt(document, edit.rule), edit.weights);
  if (edit.type === 'add-rule') {
    addRule(document, edit.name, edit.target);
    return write(document, text);
  }
  const rule = ruleAt(document, edit.rule);
  switch (edit.type) {
    case 'rename-rule':
      if (rule.has('name')) rule.set('name', edit.name);
      else rule.items.unshift(document.createPair('name', edit.name));
      break;
    case 'remove-rule':
      rulesOf(document).items.splice(edit.rule, 1);
      break;
    case 'move-rule': {
      const items = rulesOf(document).items;
      const [moved] = items.splice(edit.rule, 1);
      items.splice(edit.to, 0, moved);
      break;
    }
    case 'set-matches':
      setMatches(document, rule, edit.matches);
      break;
    case 'set-backend': {
      const backend = backendsOf(rule, document).items[edit.backend];
      if (!isMap(backend)) break;
      for (const key of ['group', 'kind', 'name', 'port']) if (!(key in targetNode(edit.target))) backend.delete(key);
      for (const [key, value] of Object.entries(targetNode(edit.target))) backend.set(key, value);
      break;
    }
    case 'add-backend':
      backendsOf(rule, document).items.push(document.createNode(targetNode(edit.target, 0)));
      break;
    case 'remove-backend':
      backendsOf(rule, document).items.splice(edit.backend, 1);
      break;
    case 'set-timeout':
      setField(document, rule, ['timeouts', 'request'], edit.request);
      break;
    case 'set-retries':
      setField(document, rule, ['retry', 'attempts'], edit.attempts);
      break;
  }
  return write(document, text);
}
