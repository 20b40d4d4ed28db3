// Bounds of what an inbound port takes -> types of the engine.
import type { OverloadConfig, RequestBounds, RequestKind } from '@malha/traffic';
import {
  type Overload,
  type RequestBounds as WireBounds,
  RequestKind as WireKind,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { ResourceError } from './strict.ts';

export function overloadConfig(from: Overload, path: string): OverloadConfig {
  const { id, minConcurrency, maxConcurrency, maxQueue, queueTimeoutMs, probePaths } = from;
  if (minConcurrency === 0) throw new ResourceError(`${path}.min_concurrency`, 'must be greater than 0');
  if (maxConcurrency < minConcurrency)
    throw new ResourceError(`${path}.max_concurrency`, 'must not be less than min_concurrency');
  if (queueTimeoutMs === 0) throw new ResourceError(`${path}.queue_timeout_ms`, 'must be greater than 0');
  return { id, minConcurrency, maxConcurrency, maxQueue, queueTimeoutMs, probePaths };
}

export function requestBounds({ maxBytes, kinds }: WireBounds, path: string): RequestBounds {
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(kinds.length > 0 && { kinds: kinds.map((kind, index) => requestKind(kind, `${path}.kinds[${index}]`)) }),
  };
}

function requestKind(kind: WireKind, path: string): RequestKind {
  switch (kind) {
    case WireKind.HTTP:
      return 'http';
    case WireKind.GRPC:
      return 'grpc';
    case WireKind.WEBSOCKET:
      return 'websocket';
    default:
      throw new ResourceError(path, `there is no kind of requests ${kind}`);
  }
}
