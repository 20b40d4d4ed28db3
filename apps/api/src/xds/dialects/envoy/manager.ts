// What both HTTP connection managers of Envoy have in common.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
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

/** The deadline that a client of gRPC sends with its call (`grpc-timeout`) is taken as it is; no other stream has one. */
export const GRPC_DEADLINE = {
  grpcTimeoutHeaderMax: durationFromMs(0),
} satisfies MessageInitShape<typeof RouteAction_MaxStreamDurationSchema>;

/** A proxy of the mesh does not show: no Server header of its own, no address added. */
export function commonManager(statPrefix: string) {
  return {
    statPrefix,
    codecType: HttpConnectionManager_CodecType.AUTO,
    serverHeaderTransformation: HttpConnectionManager_ServerHeaderTransformation.PASS_THROUGH,
    skipXffAppend: true,
    upgradeConfigs: [{ upgradeType: 'websocket' }],
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
