// Faults for Envoy. The first fault that is for a request decides, so a route with faults becomes one route for each thing
// that they are for, and itself for the rest. Envoy has no clock for faults: they end when the control plane takes them away.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Any, durationFromMs } from '@bufbuild/protobuf/wkt';
import type { FaultRule, RequestCondition, Route } from '@malha/traffic';
import {
  type FaultAbortSchema,
  HTTPFaultSchema,
} from '@malha/xds/generated/envoy/extensions/filters/http/fault/v3/fault_pb';
import type { HttpFilterSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import { FractionalPercent_DenominatorType } from '@malha/xds/generated/envoy/type/v3/percent_pb';
import { type HeaderMatcher, regexString } from '../shared/matches.ts';
import { pack, typed } from './types.ts';

/** Name of the filter, and key of its settings for a route. */
export const FAULT_FILTER = 'malha.fault';

/** Of Envoy's limit of bandwidth, which is the least that it takes. */
const KIB = 1024;

export interface FaultedRoute {
  readonly from: Route;
  /** What the fault asks of requests, beside the match of the route. */
  readonly headers: readonly HeaderMatcher[];
  readonly fault: FaultRule | undefined;
}

/** Does nothing where a route has no faults. */
export function faultFilter(): MessageInitShape<typeof HttpFilterSchema> {
  return { name: FAULT_FILTER, configType: typed(HTTPFaultSchema, {}) };
}

/** In order: the first that matches acts. */
export function byFault(from: Route): FaultedRoute[] {
  const faults = from.action.type === 'forward' ? (from.action.faults ?? []) : [];
  const variants: FaultedRoute[] = [];
  for (const fault of faults) {
    const headers = conditionHeaders(fault.condition);
    variants.push({ from, headers, fault });
    // It is for all requests: nothing behind it is ever asked.
    if (headers.length === 0) return variants;
  }
  return [...variants, { from, headers: [], fault: undefined }];
}

/** What Envoy can do of the fault, by the filter's name; nothing when that is nothing. */
export function faultConfig(fault: FaultRule | undefined): Record<string, Any> {
  if (fault === undefined) return {};
  const { delay, abort, bandwidth } = fault;
  const slowBytes = bandwidth?.responseBytesPerSecond;
  if (delay === undefined && abort === undefined && slowBytes === undefined) return {};
  return {
    [FAULT_FILTER]: pack(HTTPFaultSchema, {
      ...(delay !== undefined && {
        delay: {
          faultDelaySecifier: { case: 'fixedDelay', value: durationFromMs(delay.durationMs) },
          percentage: part(delay.perMillion),
        },
      }),
      ...(abort !== undefined && { abort: abortMessage(abort) }),
      ...(bandwidth !== undefined &&
        slowBytes !== undefined && {
          responseRateLimit: {
            limitType: { case: 'fixedLimit', value: { limitKbps: BigInt(Math.max(1, Math.round(slowBytes / KIB))) } },
            percentage: part(bandwidth.perMillion),
          },
        }),
    }),
  };
}

/** Envoy tells clients of gRPC the code that stands for a status, as our proxy does. */
function abortMessage(abort: NonNullable<FaultRule['abort']>): MessageInitShape<typeof FaultAbortSchema> {
  const { perMillion, status, grpcStatus } = abort;
  return {
    errorType:
      status === undefined ? { case: 'grpcStatus', value: grpcStatus ?? 0 } : { case: 'httpStatus', value: status },
    percentage: part(perMillion),
  };
}

function part(perMillion: number) {
  return { numerator: perMillion, denominator: FractionalPercent_DenominatorType.MILLION };
}

/** Principals are not asked for: no caller has proved an identity where faults act. */
function conditionHeaders({ methods, paths, headers }: RequestCondition): HeaderMatcher[] {
  return [
    ...(methods.length === 0 ? [] : [anyOf(':method', methods.map(literal))]),
    ...(paths.length === 0 || paths.includes('*') ? [] : [anyOf(':path', paths.map(pathPattern))]),
    ...headers.map(({ name, values }): HeaderMatcher => {
      if (values.includes('*')) return { name, headerMatchSpecifier: { case: 'presentMatch', value: true } };
      return anyOf(name, values.map(valuePattern));
    }),
  ];
}

function anyOf(name: string, patterns: readonly string[]): HeaderMatcher {
  return { name, headerMatchSpecifier: { case: 'stringMatch', value: regexString(`(?s:${patterns.join('|')})`) } };
}

/** Exact, `prefix*` or `*suffix`. */
function valuePattern(pattern: string): string {
  if (pattern.endsWith('*')) return `${literal(pattern.slice(0, -1))}.*`;
  if (pattern.startsWith('*')) return `.*${literal(pattern.slice(1))}`;
  return literal(pattern);
}

/** Of the path without its query, which Envoy keeps in it. */
function pathPattern(pattern: string): string {
  if (pattern.endsWith('*')) return `${literal(pattern.slice(0, -1))}.*`;
  const begin = pattern.startsWith('*') ? `[^?]*${literal(pattern.slice(1))}` : literal(pattern);
  return `${begin}(?:\\?.*)?`;
}

/** RE2 takes a backslash before any character of ASCII that is no letter or digit. */
function literal(text: string): string {
  return text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}
