// What both HTTP connection managers of Envoy have in common.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { ForwardAction } from '@malha/traffic';
import type { RouteAction_MaxStreamDurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { CorsSchema } from '@malha/xds/generated/envoy/extensions/filters/http/cors/v3/cors_pb';
import { RouterSchema } from '@malha/xds/generated/envoy/extensions/filters/http/router/v3/router_pb';
import {
  HttpConnectionManager_CodecType,
  HttpConnectionManager_ServerHeaderTransformation,
  type HttpConnectionManagerSchema,
  type HttpFilterSchema,
} from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { typed } from './types.ts';

/** Name of the filter, and key of its settings for a route. */
export const CORS_FILTER = 'envoy.filters.http.cors';

/**
 * For calls of gRPC, in place of the timeout of the route, which Envoy then leaves aside: the deadline that the client sends
 * (`grpc-timeout`) or what the route allows, whichever is shorter; 0 = no limit. Either ends the call with DEADLINE_EXCEEDED.
 */
export function callDuration({
  requestTimeoutMs,
  maxDurationMs = 0,
}: Pick<ForwardAction, 'requestTimeoutMs' | 'maxDurationMs'>): MessageInitShape<
  typeof RouteAction_MaxStreamDurationSchema
> {
  const bounds = [requestTimeoutMs, maxDurationMs].filter((ms) => ms > 0);
  const duration = durationFromMs(bounds.length === 0 ? 0 : Math.min(...bounds));
  return { maxStreamDuration: duration, grpcTimeoutHeaderMax: duration };
}

/** A proxy of the mesh does not show: no Server header of its own, no address added. */
export function commonManager(statPrefix: string) {
  return {
    statPrefix,
    codecType: HttpConnectionManager_CodecType.AUTO,
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    skipXffAppend: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
    // Clients of HTTP/2 ask for a WebSocket by an extended CONNECT (RFC 8441).
    http2ProtocolOptions: { allowConnect: true },
  } satisfies MessageInitShape<typeof HttpConnectionManagerSchema>;
}

/** Does nothing where a route has no policy of its own. */
export function corsFilter(): MessageInitShape<typeof HttpFilterSchema> {
  return { name: CORS_FILTER, configType: typed(CorsSchema, {}) };
}

export function routerFilter(): MessageInitShape<typeof HttpFilterSchema> {
  return {
    name: 'envoy.filters.http.router',
    configType: typed(RouterSchema, { suppressEnvoyHeaders: true }),
  };
}
