// The parts of each kind's form, and which of them a policy says. They come with the form, after the page can be read.
import { FAULT_SECTIONS } from './fault-sections.ts';
import type { Section } from './field.ts';
import type { PolicyKind } from './kinds.ts';
import { LIMIT_SECTIONS } from './limit-sections.ts';
import { type PolicyView, type Spec, valueAt } from './policy.ts';
import { TRAFFIC_SECTIONS } from './traffic-sections.ts';

export const SECTIONS: Readonly<Record<PolicyKind, readonly Section[]>> = {
  TrafficPolicy: TRAFFIC_SECTIONS,
  RateLimit: LIMIT_SECTIONS,
  FaultInjection: FAULT_SECTIONS,
};

/** How many fields of a section are said. */
export function saidIn(spec: Spec, { fields }: Section): number {
  return fields.filter(({ path }) => valueAt(spec, path) !== undefined).length;
}

/** Fields of the spec that no section shows: they stand in the YAML alone. */
export function unshownOf({ kind, spec }: PolicyView): readonly string[] {
  const shown = new Set(['targetRef', 'limits', 'startedAt', 'ended']);
  for (const { fields } of SECTIONS[kind]) for (const { path } of fields) shown.add(String(path[0]));
  return Object.keys(spec).filter((field) => !shown.has(field));
}
