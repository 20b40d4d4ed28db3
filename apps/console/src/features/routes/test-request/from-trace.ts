// A call that really happened, as the request to test. Traces keep neither query nor headers: those are typed. Pure.
import type { Span } from '#trpc/contract.ts';

export interface TracedRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** `namespace/workload` */
  readonly caller: string;
}

function textOf(span: Span, key: string): string {
  const value = span.attributes[key];
  return typeof value === 'string' ? value : '';
}

/** The first call of `service` (`namespace/name`) as its caller's proxy saw it; undefined where there is none. */
export function requestOfTrace(spans: readonly Span[], service: string): TracedRequest | undefined {
  const calls = spans
    .filter((span) => span.kind === 'client' && textOf(span, 'malha.destination.service') === service)
    .sort((a, b) => a.startMs - b.startMs);
  const [call] = calls;
  if (call === undefined) return undefined;
  const path = textOf(call, 'url.path');
  return {
    method: textOf(call, 'http.request.method') || 'GET',
    host: textOf(call, 'server.address') || (service.split('/')[1] ?? ''),
    path: path.startsWith('/') ? path : '/',
    caller: call.workload.includes('/') ? call.workload : `${call.namespace}/${call.workload}`,
  };
}
