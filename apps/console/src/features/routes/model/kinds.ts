// The kinds that the editor opens, and what the form of each has.

export const EDITED_KINDS = ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute', 'Gateway'] as const;

export type EditedKind = (typeof EDITED_KINDS)[number];

/** Kinds whose rules match requests, and so can have policies of their own. */
export type RequestRouteKind = 'HTTPRoute' | 'GRPCRoute';

export function isEditedKind(text: string): text is EditedKind {
  return EDITED_KINDS.some((kind) => kind === text);
}

export function hasPolicies(kind: string): kind is RequestRouteKind {
  return kind === 'HTTPRoute' || kind === 'GRPCRoute';
}

/** Whether a route of the kind chooses by host: of HTTP and gRPC the Host, of TLS the server name. */
export function hasHostnames(kind: EditedKind): boolean {
  return kind === 'HTTPRoute' || kind === 'GRPCRoute' || kind === 'TLSRoute';
}
