// A resource as YAML text, always in the same order of fields, so that two texts can be compared line by line.
import { stringify } from 'yaml';
import { type Resource, schemas } from './resource.ts';
import { inSchemaOrder } from './schema-walk.ts';

/** The resource as one YAML document with a line feed at its end; `parseResources` gives it back unchanged. */
export function toYaml(resource: Resource): string {
  // compat quotes what YAML 1.1 readers would take for something else, such as `yes` or `1_000`.
  return stringify(inSchemaOrder(schemas[resource.kind], resource), {
    aliasDuplicateObjects: false,
    compat: 'yaml-1.1',
    lineWidth: 0,
  });
}

/** Several resources as one text of documents separated by `---`. */
export function toYamlDocuments(resources: readonly Resource[]): string {
  return resources.map(toYaml).join('---\n');
}
