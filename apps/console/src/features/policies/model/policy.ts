// A policy as its form shows it: read from the text of the draft, and written back into it so that the rest stays.
import { isMap, LineCounter, parseDocument, type YAMLMap } from 'yaml';
import { type Value, type ValuePath, writeValue } from '#features/routes/index.ts';
import { isPolicyKind, type PolicyKind } from './kinds.ts';

export type Spec = Readonly<Record<string, unknown>>;

export interface PolicyView {
  readonly kind: PolicyKind;
  readonly name: string;
  readonly namespace: string;
  /** As it is written; its schema is checked by the control plane. */
  readonly spec: Spec;
  /** First line of each field of the spec. */
  readonly lines: Readonly<Record<string, number>>;
}

export type PolicyReading =
  | { readonly ok: true; readonly view: PolicyView }
  | { readonly ok: false; readonly problem: { readonly message: string; readonly line: number } };

const ALIASES_MAX = 100;
const MARKER = /^---(?=\s|$)/m;

export function readPolicy(text: string): PolicyReading {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) return problem(error.message, lines.linePos(error.pos[0]).line);
  const root = document.contents;
  if (!isMap(root)) return problem('This is not a resource: expected fields.', 1);
  const kind = root.get('kind');
  if (typeof kind !== 'string' || !isPolicyKind(kind))
    return problem(`This is the editor of TrafficPolicy, RateLimit and FaultInjection; kind is ${String(kind)}.`, 1);
  const { metadata, spec } = document.toJS({ maxAliasCount: ALIASES_MAX }) as Record<string, unknown>;
  const names = recordOf(metadata);
  return {
    ok: true,
    view: {
      kind,
      name: textAt(names, ['name']),
      namespace: textAt(names, ['namespace']) || 'default',
      spec: recordOf(spec),
      lines: linesOf(root, lines),
    },
  };
}

function problem(message: string, line: number): PolicyReading {
  return { ok: false, problem: { message, line } };
}

function linesOf(root: YAMLMap, lines: LineCounter): Record<string, number> {
  const spec = root.get('spec', true);
  if (!isMap(spec)) return {};
  return Object.fromEntries(
    spec.items.map(({ key }) => {
      const node = key as { readonly value?: unknown; readonly range?: readonly [number, number, number] };
      return [String(node.value), lines.linePos(node.range?.[0] ?? 0).line];
    }),
  );
}

/** Sets what `path` names under `spec`; undefined takes it away, and the containers that this empties. */
export function writeSpec(text: string, path: ValuePath, value: Value | undefined): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  if (!isMap(document.get('spec', true))) document.set('spec', document.createNode({}));
  writeValue(document, document.get('spec', true) as unknown as YAMLMap, path, value);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

/** The text under another name, as a policy of its own. */
export function renamed(text: string, namespace: string, name: string): string {
  const document = parseDocument(text.split(MARKER)[0] ?? text);
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  document.setIn(['metadata', 'name'], name);
  document.setIn(['metadata', 'namespace'], namespace);
  // Of the fault that it was copied from: the copy begins when it is applied.
  for (const field of ['startedAt', 'ended']) document.deleteIn(['spec', field]);
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

export function recordOf(value: unknown): Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Spec) : {};
}

export function valueAt(spec: unknown, path: ValuePath): unknown {
  return path.reduce<unknown>(
    (inner, key) => (Array.isArray(inner) ? inner[Number(key)] : recordOf(inner)[String(key)]),
    spec,
  );
}

/** What a field shows: '' where nothing is said. */
export function textAt(spec: unknown, path: ValuePath): string {
  const value = valueAt(spec, path);
  if (Array.isArray(value)) return value.filter((item) => typeof item !== 'object').join(', ');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

export function listAt(spec: unknown, path: ValuePath): readonly unknown[] {
  const value = valueAt(spec, path);
  return Array.isArray(value) ? value : [];
}

export interface TargetRef {
  readonly kind: string;
  readonly name: string;
  readonly rule: string;
}

export function targetOf(spec: Spec): TargetRef {
  const at = (field: string) => textAt(spec, ['targetRef', field]);
  return { kind: at('kind'), name: at('name'), rule: at('sectionName') };
}
