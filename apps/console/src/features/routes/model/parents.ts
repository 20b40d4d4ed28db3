// What a route is attached to: Services and Gateways, as its parentRefs say. Pure.
import type { YAMLMap } from 'yaml';
import type { Value } from './write-value.ts';
import { itemsOf, lineOf, numberOf, type Source, textOf } from './yaml-read.ts';

export interface ParentView {
  readonly kind: string;
  readonly group: string | undefined;
  /** '' = that of the route. */
  readonly namespace: string;
  readonly name: string;
  /** Listener of the Gateway; '' = all. */
  readonly sectionName: string;
  readonly port: number | undefined;
  readonly line: number;
}

export function parentsOf(spec: YAMLMap | undefined, { lines }: Source): readonly ParentView[] {
  return itemsOf(spec, 'parentRefs').map((item) => ({
    kind: textOf(item, 'kind') ?? 'Gateway',
    group: textOf(item, 'group'),
    namespace: textOf(item, 'namespace') ?? '',
    name: textOf(item, 'name') ?? '',
    sectionName: textOf(item, 'sectionName') ?? '',
    port: numberOf(item, 'port'),
    line: lineOf(item, lines),
  }));
}

export interface ParentChoice {
  readonly kind: 'Service' | 'Gateway';
  readonly namespace: string;
  readonly name: string;
}

/** A parentRef as the Gateway API writes it: of a Service with its group, which is not the default. */
export function parentFields({ kind, namespace, name }: ParentChoice, ownNamespace: string): Value {
  return {
    ...(kind === 'Service' && { group: 'malha.dev', kind }),
    name,
    ...(namespace !== ownNamespace && { namespace }),
  };
}

export function parentInWords({ kind, namespace, name, sectionName, port }: ParentView): string {
  const at = [...(sectionName === '' ? [] : [sectionName]), ...(port === undefined ? [] : [String(port)])].join(':');
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}${at === '' ? '' : ` · ${at}`}`;
}
