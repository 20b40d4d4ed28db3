// What bounds the requests that one port of a workload takes: as many at a time as it can work on, how large, of which kind.

/** Lowest last: what comes first in the list is shed last. */
export const PRIORITIES = ['critical', 'default', 'sheddable'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Says the priority of a request; believed of callers that proved who they are. */
export const PRIORITY_HEADER = 'x-malha-priority';

/**
 * With a 503: the destination did not work on the request, for it has enough to do. Envoy's name, so that an Envoy that calls
 * does not try again either.
 */
export const OVERLOADED_HEADER = 'x-envoy-overloaded';

export interface OverloadConfig {
  /** `<namespace>/<name>` of the service; what telemetry and traces call it. */
  readonly id: string;
  /** Bounds of the limit of concurrent requests; equal = it does not adapt. */
  readonly minConcurrency: number;
  readonly maxConcurrency: number;
  /** Requests that may wait for their turn; 0 = none. */
  readonly maxQueue: number;
  /** The longest that one waits; a tenth of it while the queue does not get empty. */
  readonly queueTimeoutMs: number;
  /** Paths of health checks, which are never shed. */
  readonly probePaths: readonly string[];
}

export const REQUEST_KINDS = ['http', 'grpc', 'websocket'] as const;
export type RequestKind = (typeof REQUEST_KINDS)[number];

export interface RequestBounds {
  /** Bytes of a body; absent = any. */
  readonly maxBytes?: number;
  /** Kinds of requests that are served; absent = all. */
  readonly kinds?: readonly RequestKind[];
}

/** The priority that a header says; anything else is the default. */
export function priorityOf(header: string | undefined): Priority {
  if (header === undefined) return 'default';
  return PRIORITIES.find((priority) => priority === header) ?? 'default';
}
