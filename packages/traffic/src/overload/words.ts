// What bounds the requests of a port in words, for operators.
import type { OverloadConfig, RequestBounds, RequestKind } from './config.ts';

const KINDS: Readonly<Record<RequestKind, string>> = { http: 'HTTP', grpc: 'gRPC', websocket: 'WebSocket' };

/** `No more requests at a time than it can work on, 4 to 1000; ...` */
export function overloadWords({ minConcurrency, maxConcurrency, maxQueue, queueTimeoutMs }: OverloadConfig): string {
  const bound =
    minConcurrency === maxConcurrency
      ? `At most ${maxConcurrency} requests at a time`
      : `As many requests at a time as it can work on, ${minConcurrency} to ${maxConcurrency}`;
  const queue = maxQueue === 0 ? 'none waits' : `${maxQueue} may wait, each ${queueTimeoutMs} ms at most`;
  return `${bound}; ${queue}; others are answered with 503, of low priority first.`;
}

export function requestBoundsWords({ maxBytes, kinds }: RequestBounds): string[] {
  return [
    ...(maxBytes === undefined ? [] : [`A body of more than ${maxBytes} bytes is answered with 413.`]),
    ...(kinds === undefined ? [] : [`Only requests of ${kinds.map((kind) => KINDS[kind]).join(' and ')} are served.`]),
  ];
}
