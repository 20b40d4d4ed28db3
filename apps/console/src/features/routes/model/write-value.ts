// Writes a value into a YAML node so that what it already says keeps its node, and with it comments and layout.
import { type Document, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml';

export type ValuePath = readonly (string | number)[];
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value | undefined };

type Container = YAMLMap | YAMLSeq;

/** Sets what `path` names under `parent`; undefined takes it away, and the containers that this empties. */
export function writeValue(document: Document, parent: Container, path: ValuePath, value: Value | undefined): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const child = parent.get(key, true) as Node | undefined;
  if (rest.length === 0) {
    if (value === undefined) removeAt(parent, key);
    else setAt(document, parent, key, reconciled(document, child, value));
    return;
  }
  if (isMap(child) || isSeq(child)) {
    writeValue(document, child as Container, rest, value);
    if (value === undefined && (child as Container).items.length === 0) removeAt(parent, key);
    return;
  }
  if (value !== undefined) setAt(document, parent, key, document.createNode(nested(rest, value)));
}

function nested([key, ...rest]: ValuePath, value: Value): Value {
  if (key === undefined) return value;
  return typeof key === 'number' ? [nested(rest, value)] : { [key]: nested(rest, value) };
}

function removeAt(parent: Container, key: string | number): void {
  if (isSeq(parent) && typeof key === 'number') parent.items.splice(key, 1);
  else parent.delete(key as never);
}

function setAt(document: Document, parent: Container, key: string | number, node: unknown): void {
  if (isSeq(parent)) {
    const at = typeof key === 'number' ? key : parent.items.length;
    parent.items[Math.min(at, parent.items.length)] = node;
    parent.flow = parent.items.length === 0 ? (parent.flow ?? false) : parent.flow === true && !isMap(node);
    return;
  }
  const pair = parent.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === key);
  if (pair === undefined) parent.items.push(document.createPair(key, node) as never);
  else if (pair.value !== node) pair.value = node as never;
}

/** The old node, changed to say `value`, where the two are of one form; else a new one. */
function reconciled(document: Document, old: unknown, value: Value): unknown {
  if (isMap(old) && typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const map = old as YAMLMap;
    const wanted = Object.entries(value).filter((entry): entry is [string, Value] => entry[1] !== undefined);
    const names = new Set(wanted.map(([name]) => name));
    map.items = map.items.filter((item) => names.has(String(isScalar(item.key) ? item.key.value : item.key)));
    for (const [name, inner] of wanted) setAt(document, map, name, reconciled(document, map.get(name, true), inner));
    return map;
  }
  if (isSeq(old) && Array.isArray(value)) {
    const sequence = old as YAMLSeq;
    sequence.items = value.map((inner: Value, index) => reconciled(document, sequence.items[index], inner));
    return sequence;
  }
  if (isScalar(old) && (typeof value !== 'object' || value === null)) {
    if (old.value !== value) {
      old.value = value;
      // The text it was read from would be written again where the type stays a number.
      delete old.source;
    }
    return old;
  }
  return document.createNode(value);
}
