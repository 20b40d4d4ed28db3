// Edits of the form as edits of the YAML: comments, unknown fields and layout of everything else stay as they are.
import { type Document, isMap, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { splitDocuments } from './documents.ts';
import { setMatches } from './edit-matches.ts';
import { editPolicy, type PolicyEdit, readPolicies } from './policies.ts';
import type { Condition } from './view.ts';
import { type Value, type ValuePath, writeValue } from './write-value.ts';

export interface BackendTarget {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly port: number | undefined;
}

export type RouteEdit =
  | { readonly type: 'set-weights'; readonly rule: number; readonly weights: readonly number[] }
  | { readonly type: 'rename-rule'; readonly rule: number; readonly name: string }
  | { readonly type: 'add-rule'; readonly name: string; readonly target: BackendTarget | undefined }
  | { readonly type: 'remove-rule'; readonly rule: number }
  | { readonly type: 'move-rule'; readonly rule: number; readonly to: number }
  | { readonly type: 'set-matches'; readonly rule: number; readonly matches: readonly (readonly Condition[])[] }
  | { readonly type: 'set-backend'; readonly rule: number; readonly backend: number; readonly target: BackendTarget }
  | { readonly type: 'add-backend'; readonly rule: number; readonly target: BackendTarget }
  | { readonly type: 'remove-backend'; readonly rule: number; readonly backend: number }
  /** Any field under a rule, such as `['timeouts', 'request']`; undefined takes it away. */
  | { readonly type: 'set-value'; readonly rule: number; readonly path: ValuePath; readonly value: Value | undefined }
  /** Any field under `spec`, such as `['hostnames']`; undefined takes it away. */
  | { readonly type: 'set-spec'; readonly path: ValuePath; readonly value: Value | undefined }
  | PolicyEdit;

/** Writes sequences as the operator does: indented under their key, or level with it. */
function indentsSequences(text: string): boolean {
  const found = /^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( *)- /m.exec(text);
  return found === null || (found[2] ?? '').length > (found[1] ?? '').length;
}

function write(document: Document, text: string): string {
  return document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: indentsSequences(text) });
}

function specOf(document: Document): YAMLMap {
  const node = document.get('spec', true);
  if (isMap(node)) return node as YAMLMap;
  document.set('spec', document.createNode({}));
  return document.get('spec', true) as YAMLMap;
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

function addRule(document: Document, name: string, target: BackendTarget | undefined): void {
  const rules = rulesOf(document);
  rules.items.push(document.createNode({ name, ...(target !== undefined && { backendRefs: [targetNode(target)] }) }));
  rules.flow = false;
}

/** The edited text; the route is its first document, and the rest stays as it is but for edits of a policy. */
export function applyEdit(text: string, edit: RouteEdit): string {
  const [route, ...others] = splitDocuments(text).map((part) => part.text);
  if (route === undefined) return text;
  if (edit.type === 'set-policy') return editPolicy(text, routeOf(route), edit);
  return editRoute(route, edit) + (edit.type === 'rename-rule' ? renamed(route, edit, others) : others.join(''));
}

function routeOf(route: string): { readonly kind: string; readonly name: string; readonly namespace: string } {
  const document = parseDocument(route);
  const text = (key: string): string => String(document.getIn(['metadata', key]) ?? '');
  return { kind: String(document.get('kind') ?? ''), name: text('name'), namespace: text('namespace') || 'default' };
}

/** Policies of a rule follow its name. */
function renamed(route: string, edit: Extract<RouteEdit, { type: 'rename-rule' }>, others: readonly string[]): string {
  const target = routeOf(route);
  const before: unknown = parseDocument(route).getIn(['spec', 'rules', edit.rule, 'name']);
  if (typeof before !== 'string') return others.join('');
  return others
    .map((part) => {
      const [policy] = readPolicies(part, target);
      if (policy?.rule !== before) return part;
      const document = parseDocument(part);
      const reference = document.getIn(['spec', 'targetRef'], true);
      if (isMap(reference)) writeValue(document, reference as YAMLMap, ['sectionName'], edit.name);
      return document.toString({ lineWidth: 0, flowCollectionPadding: false });
    })
    .join('');
}

type RuleEdit = Exclude<RouteEdit, PolicyEdit>;

function editRoute(text: string, edit: RuleEdit): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) return text;
  if (edit.type === 'set-weights') return setWeights(text, document, ruleAt(document, edit.rule), edit.weights);
  if (edit.type === 'add-rule') {
    addRule(document, edit.name, edit.target);
    return write(document, text);
  }
  if (edit.type === 'set-spec') {
    writeValue(document, specOf(document), edit.path, edit.value);
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
    case 'set-value':
      writeValue(document, rule, edit.path, edit.value);
      break;
  }
  return write(document, text);
}
