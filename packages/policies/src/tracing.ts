// Trace sampling, by an annotation of the namespace or of the mesh's own namespace.
import { defaults, type Finding, MESH_NAMESPACE, type NamespaceResource } from '@malha/model';
import { report } from './report.ts';
import type { WorldIndex } from './world-index.ts';

/** Percentage (0 to 100) of traces without a sampled parent that begin in the namespace. */
export const SAMPLE_PERCENT_ANNOTATION = 'malha.dev/trace-sample-percent';

export function samplePercentOf(index: WorldIndex, namespace: string): number {
  return (
    annotated(index.namespace(namespace)) ?? annotated(index.namespace(MESH_NAMESPACE)) ?? defaults.tracingSamplePercent
  );
}

function annotated(namespace: NamespaceResource | undefined): number | undefined {
  const text = namespace?.metadata.annotations?.[SAMPLE_PERCENT_ANNOTATION];
  return text !== undefined && isPercent(text) ? Number(text) : undefined;
}

function isPercent(text: string): boolean {
  return /^[0-9]{1,3}(\.[0-9]{1,6})?$/.test(text) && Number(text) <= 100;
}

export function analyzeTracing(namespaces: readonly NamespaceResource[]): Finding[] {
  return namespaces.flatMap((namespace) => {
    const text = namespace.metadata.annotations?.[SAMPLE_PERCENT_ANNOTATION];
    if (text === undefined || isPercent(text)) return [];
    const path = `metadata.annotations["${SAMPLE_PERCENT_ANNOTATION}"]`;
    return [report('MALHA1046', namespace, path, `"${text}" is not a percentage from 0 to 100; it is ignored.`)];
  });
}
