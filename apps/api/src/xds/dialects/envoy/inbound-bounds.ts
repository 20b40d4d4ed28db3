// What an inbound port takes, for Envoy: kinds of requests by routes that refuse the others, their size by the buffer filter,
// as many at a time as the application can work on by the filter for adaptive concurrency.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Any, durationFromMs } from '@bufbuild/protobuf/wkt';
import type { InboundPort, OverloadConfig, RequestKind } from '@malha/traffic';
import type { RouteMatchSchema, RouteSchema } from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { AdaptiveConcurrencySchema } from '@malha/xds/generated/envoy/extensions/filters/http/adaptive_concurrency/v3/adaptive_concurrency_pb';
import {
  BufferPerRouteSchema,
  BufferSchema,
} from '@malha/xds/generated/envoy/extensions/filters/http/buffer/v3/buffer_pb';
import type { HttpFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { StatusCode } from '@malha/xds/generated/envoy/type/v3/http_status_pb';
import { pack, typed } from './types.ts';

type HttpFilter = MessageInitShape<typeof HttpFilterSchema>;
type Route = MessageInitShape<typeof RouteSchema>;
type Match = MessageInitShape<typeof RouteMatchSchema>;

/** Name of the filter, and key of its settings for a virtual host or route. */
const BUFFER_FILTER = 'malha.request-size';
const ADAPTIVE_FILTER = 'malha.overload';

/** As our own proxy has them, as far as the filter knows them. */
const UPDATE_MS = 100;
const MEASURE_EACH_MS = 30_000;
const MEASURED_REQUESTS = 30;
const MEDIAN = 50;
/** Percent that an answer may take longer than without a queue. */
const TOLERANCE = 100;

/** Of one manager. The limit of concurrency is one for all of its ports: of several, none has one. */
export function boundsFilters(ports: readonly InboundPort[]): HttpFilter[] {
  const sizes = ports.flatMap(({ requests }) => requests?.maxBytes ?? []);
  const [first] = sizes;
  const overload = ports.length === 1 ? ports[0]?.overload : undefined;
  return [
    ...(first === undefined ? [] : [bufferFilter(first)]),
    ...(overload === undefined ? [] : [adaptiveFilter(overload)]),
  ];
}

/** Its body is kept whole until its end: that would hold up a stream, so that calls of gRPC go without. */
export function sizeOfHost({ requests, protocol }: InboundPort): Record<string, Any> {
  const maxRequestBytes = requests?.maxBytes;
  if (maxRequestBytes === undefined || protocol === 'grpc') return {};
  const override = { case: 'buffer', value: { maxRequestBytes } } as const;
  return { [BUFFER_FILTER]: pack(BufferPerRouteSchema, { override }) };
}

/** Every kind of requests that something is said of has a route; `forward` is where it goes, if it goes. */
export function boundedRoutes({ requests, protocol }: InboundPort, forward: Pick<Route, 'action'>): Route[] {
  if (requests === undefined) return [{ match: matchOf('http'), ...forward }];
  const { kinds, maxBytes } = requests;
  const isBuffered = maxBytes !== undefined && protocol !== 'grpc';
  return (['grpc', 'websocket', 'http'] as const).map((kind) => ({
    match: matchOf(kind),
    ...(kinds === undefined || kinds.includes(kind) ? forward : REFUSED),
    ...(isBuffered && kind !== 'http' && { typedPerFilterConfig: { [BUFFER_FILTER]: UNBUFFERED } }),
  }));
}

const UNBUFFERED = pack(BufferPerRouteSchema, { override: { case: 'disabled', value: true } });

const REFUSED: Pick<Route, 'action'> = {
  action: {
    case: 'directResponse',
    value: {
      status: 403,
      body: { specifier: { case: 'inlineString', value: 'protocol is not allowed here\n' } },
    },
  },
};

/** In this order: what is neither a call of gRPC nor a WebSocket is HTTP. */
function matchOf(kind: RequestKind): Match {
  const pathSpecifier = { case: 'prefix', value: '/' } as const;
  if (kind === 'grpc') return { pathSpecifier, grpc: {} };
  if (kind === 'http') return { pathSpecifier };
  const matchPattern = { case: 'exact', value: 'websocket' } as const;
  const stringMatch = { case: 'stringMatch', value: { matchPattern, ignoreCase: true } } as const;
  return { pathSpecifier, headers: [{ name: 'upgrade', headerMatchSpecifier: stringMatch }] };
}

function bufferFilter(maxRequestBytes: number): HttpFilter {
  return { name: BUFFER_FILTER, disabled: true, configType: typed(BufferSchema, { maxRequestBytes }) };
}

function adaptiveFilter({ minConcurrency, maxConcurrency }: OverloadConfig): HttpFilter {
  const config = typed(AdaptiveConcurrencySchema, {
    concurrencyControllerConfig: {
      case: 'gradientControllerConfig',
      value: {
        sampleAggregatePercentile: { value: MEDIAN },
        concurrencyLimitParams: {
          maxConcurrencyLimit: maxConcurrency,
          concurrencyUpdateInterval: durationFromMs(UPDATE_MS),
        },
        minRttCalcParams: {
          interval: durationFromMs(MEASURE_EACH_MS),
          requestCount: MEASURED_REQUESTS,
          minConcurrency,
          buffer: { value: TOLERANCE },
        },
      },
    },
    concurrencyLimitExceededStatus: { code: StatusCode.ServiceUnavailable },
  });
  return { name: ADAPTIVE_FILTER, configType: config };
}
