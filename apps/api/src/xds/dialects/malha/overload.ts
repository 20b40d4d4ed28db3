// Bounds of what an inbound port takes, in the dialect `malha`.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { OverloadConfig, RequestBounds, RequestKind } from '@malha/traffic';
import {
  type OverloadSchema,
  type RequestBoundsSchema,
  RequestKind as WireKind,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';

const KINDS = {
  http: WireKind.HTTP,
  grpc: WireKind.GRPC,
  websocket: WireKind.WEBSOCKET,
} as const satisfies Record<RequestKind, WireKind>;

export function overload({ probePaths, ...numbers }: OverloadConfig): MessageInitShape<typeof OverloadSchema> {
  return { ...numbers, probePaths: [...probePaths] };
}

export function requestBounds({ maxBytes, kinds = [] }: RequestBounds): MessageInitShape<typeof RequestBoundsSchema> {
  return { ...(maxBytes !== undefined && { maxBytes }), kinds: kinds.map((kind) => KINDS[kind]) };
}
