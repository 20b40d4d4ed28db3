// The policies that are attached to a route or to one of its rules: read from, and written into, the same text.
import { type Document, isMap, LineCounter, parseDocument, stringify } from 'yaml';
import { appendDocument, splitDocuments } from './documents.ts';
import { type Value, type ValuePath, writeValue } from './write-value.ts';

export type PolicyKind = 'RoutePolicy' | 'TrafficPolicy';

export interface PolicyView {
  readonly kind: PolicyKind;
  readonly name: string;
  /** The rule it is for; undefined = all of the route. */
  readonly rule: string | undefined;
  /** As it is written; its schema is checked by the control plane. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** Its place among the documents of the text. */
  readonly document: number;
  readonly line: number;
}

export interface PolicyEdit {
  readonly type: 'set-policy';
  readonly kind: PolicyKind;
  readonly rule: string;
  readonly path: ValuePath;
  readonly value: Value | undefined;
}

/** The route that a policy is for. */
export interface TargetRoute {
  readonly kind: string;
  readonly name: string;
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** The policy that a document is, when it is one of `route`; alias bombs stay unread. */
function policyOf(document: Document, route: TargetRoute): Omit<PolicyView, 'document' | 'line'> | undefined {
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  const { kind, metadata, spec } = (document.toJS({ maxAliasCount: 100 }) ?? {}) as Record<string, unknown>;
  const target = recordOf(recordOf(spec)?.targetRef);
  const name = recordOf(metadata)?.name;
  if ((kind !== 'RoutePolicy' && kind !== 'TrafficPolicy') || typeof name !== 'string') return undefined;
  if (target?.kind !== route.kind || target.name !== route.name) return undefined;
  const { sectionName } = target;
  return { kind, name, rule: typeof sectionName === 'string' ? sectionName : undefined, spec: recordOf(spec) ?? {} };
}

export function readPolicies(text: string, route: TargetRoute): readonly PolicyView[] {
  return splitDocuments(text).flatMap((part, index) => {
    const lines = new LineCounter();
    const document = parseDocument(part.text, { lineCounter: lines });
    const policy = policyOf(document, route);
    if (policy === undefined) return [];
    const line = part.linesBefore + lines.linePos(document.contents?.range?.[0] ?? 0).line;
    return [{ ...policy, document: index, line }];
  });
}

/** Whether a stored policy belongs to the text of a route. */
export function isAttached(yaml: string, route: TargetRoute): boolean {
  return policyOf(parseDocument(yaml), route) !== undefined;
}

interface StoredRoute extends TargetRoute {
  readonly namespace: string;
}

/** A policy that says nothing any more is taken away; one that is missing is made. */
export function editPolicy(text: string, route: StoredRoute, { kind, rule, path, value }: PolicyEdit): string {
  const found = readPolicies(text, route).find((policy) => policy.kind === kind && policy.rule === rule);
  if (found === undefined) {
    return value === undefined ? text : appendDocument(text, newPolicy(text, route, { kind, rule, path, value }));
  }
  const parts = splitDocuments(text).map((part) => part.text);
  const old = parts[found.document] ?? '';
  const document = parseDocument(old);
  const spec = document.get('spec', true);
  if (!isMap(spec)) return text;
  writeValue(document, spec, path, value);
  const isEmpty = spec.items.every((item) => String(item.key) === 'targetRef');
  parts[found.document] = isEmpty ? '' : document.toString({ lineWidth: 0, flowCollectionPadding: false });
  return parts.join('');
}

function newPolicy(
  text: string,
  route: StoredRoute,
  edit: Omit<PolicyEdit, 'type' | 'value'> & { value: Value },
): string {
  const { kind, rule, path, value } = edit;
  const taken = new Set(readPolicies(text, route).map((policy) => `${policy.kind} ${policy.name}`));
  let name = `${route.name}-${rule}`;
  for (let number = 2; taken.has(`${kind} ${name}`); number += 1) name = `${route.name}-${rule}-${number}`;
  const spec = path.reduceRight<Value>((inner, key) => (typeof key === 'number' ? [inner] : { [key]: inner }), value);
  const group = 'gateway.networking.k8s.io';
  return stringify({
    apiVersion: 'malha.dev/v1',
    kind,
    metadata: { name, namespace: route.namespace },
    spec: { targetRef: { group, kind: route.kind, name: route.name, sectionName: rule }, ...(spec as object) },
  });
}
