// The kinds that the editor opens: one by form and YAML, the others by YAML.

export const YAML_KINDS = ['GRPCRoute', 'TCPRoute', 'TLSRoute', 'Gateway'] as const;

export type EditedKind = 'HTTPRoute' | (typeof YAML_KINDS)[number];

export function isEditedKind(text: string): text is EditedKind {
  return text === 'HTTPRoute' || YAML_KINDS.some((kind) => kind === text);
}
