// Writes the conditions of a rule: what says the same keeps its node, whatever else stands in it.
import { type Document, isMap, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { type Condition, conditionsOf, type MatchKind } from './view.ts';
import { type Value, writeValue } from './write-value.ts';

const LISTS: readonly (readonly [MatchKind, string])[] = [
  ['header', 'headers'],
  ['query', 'queryParams'],
];

/** One condition; the default type of a header or parameter (Exact) is left out. */
function fieldsOf({ kind, type, name, value }: Condition): Value {
  if (kind === 'rpc') {
    return {
      ...(type !== 'Exact' && { type }),
      ...(name !== '' && { service: name }),
      ...(value !== '' && { method: value }),
    };
  }
  if (kind === 'path') return { type, value };
  return { ...(type !== 'Exact' && { type }), name, value };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** One match as the Gateway API writes it. */
export function matchToFields(conditions: readonly Condition[]): Record<string, Value> {
  const path = conditions.find(({ kind }) => kind === 'path');
  const method = conditions.find(({ kind }) => kind === 'method');
  const rpc = conditions.find(({ kind }) => kind === 'rpc');
  const lists = LISTS.flatMap(([kind, field]) => {
    const values = conditions.filter((condition) => condition.kind === kind).map(fieldsOf);
    return values.length === 0 ? [] : [[field, values] as const];
  });
  return {
    ...(path !== undefined && { path: fieldsOf(path) }),
    ...Object.fromEntries(lists),
    ...(method !== undefined && { method: method.value }),
    ...(rpc !== undefined && { method: fieldsOf(rpc) }),
  };
}

/** Changes the parts of a match whose conditions differ. */
function changeMatch(document: Document, match: YAMLMap, conditions: readonly Condition[]): void {
  const old = conditionsOf(match);
  const wanted = matchToFields(conditions);
  const fields = { path: ['path'], method: ['method', 'rpc'] } as const satisfies Record<string, readonly MatchKind[]>;
  for (const [field, kinds] of Object.entries(fields)) {
    const find = (list: readonly Condition[]) => list.find(({ kind }) => kinds.some((each) => each === kind));
    if (!isSame(find(old), find(conditions))) writeValue(document, match, [field], wanted[field]);
  }
  for (const [kind, field] of LISTS) {
    const ours = conditions.filter((condition) => condition.kind === kind);
    const before = old.filter((condition) => condition.kind === kind);
    if (isSame(ours, before)) continue;
    const node = match.get(field, true) as unknown;
    if (!isSeq(node) || ours.length === 0) {
      writeValue(document, match, [field], wanted[field]);
      continue;
    }
    const nodes = node.items.filter(isMap);
    const sequence = node as YAMLSeq;
    sequence.items = ours.map((condition, index) => {
      const at = before.findIndex((each) => isSame(each, condition));
      return (at === -1 ? undefined : nodes[at]) ?? changed(document, nodes[index], before[index], condition);
    });
  }
}

/** A condition of the same name that says another value or type. */
function changed(document: Document, node: YAMLMap | undefined, before: Condition | undefined, now: Condition) {
  if (node === undefined || before === undefined || before.name !== now.name) return document.createNode(fieldsOf(now));
  if (before.type !== now.type) writeValue(document, node, ['type'], now.type === 'Exact' ? undefined : now.type);
  if (before.value !== now.value) writeValue(document, node, ['value'], now.value);
  return node;
}

export function setMatches(document: Document, rule: YAMLMap, matches: readonly (readonly Condition[])[]): void {
  const old = rule.get('matches', true) as unknown;
  const items = isSeq(old) ? old.items.filter(isMap) : [];
  const before = items.map((item) => conditionsOf(item as YAMLMap));
  if (isSame(before, matches)) return;
  const wanted = matches.filter((match) => match.length > 0);
  if (wanted.length === 0) {
    rule.delete('matches');
    return;
  }
  const used = new Set<YAMLMap>();
  const nodes = wanted.map((match, index) => {
    const same = items.find((item, at) => !used.has(item as YAMLMap) && isSame(before[at], match));
    const node = (same ?? (matches.length === items.length ? items[index] : undefined)) as YAMLMap | undefined;
    if (node === undefined) return document.createNode(matchToFields(match));
    used.add(node);
    if (same === undefined) changeMatch(document, node, match);
    return node;
  });
  if (isSeq(old)) {
    old.items = nodes;
    return;
  }
  const sequence = document.createNode([]) as YAMLSeq;
  sequence.items = nodes;
  // After the name, as people write it.
  rule.items.splice(rule.has('name') ? 1 : 0, 0, document.createPair('matches', sequence));
}
