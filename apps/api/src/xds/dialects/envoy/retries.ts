// Retries in Envoy's terms: one policy for a route, so what only idempotent requests may repeat is for them alone.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { ForwardAction, RetryCondition } from '@malha/traffic';
import type {
  HeaderMatcherSchema,
  RetryPolicySchema,
} from '@malha/xds/generated/envoy/config/route/v3/route_components_pb';
import { exactHeader } from '../shared/matches.ts';
import { retryOn } from '../shared/retries.ts';

/** RFC 9110 §9.2.2 */
const IDEMPOTENT_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'];

/** The request was not processed, or the operator named the status: any method may be sent again. */
const SAFE_FOR_ALL: ReadonlySet<RetryCondition> = new Set(['connect-failure', 'refused-stream', 'retriable-status']);

export function retryPolicy({
  retry,
  backendRequestTimeoutMs,
}: ForwardAction): MessageInitShape<typeof RetryPolicySchema> | undefined {
  if (retry.attempts === 0 || retry.on.length === 0) return undefined;
  const baseMs = Math.max(1, retry.backoffBaseMs);
  const methods: MessageInitShape<typeof HeaderMatcherSchema>[] = retry.on.every((on) => SAFE_FOR_ALL.has(on))
    ? []
    : IDEMPOTENT_METHODS.map((method) => exactHeader(':method', method));
  return {
    retryOn: retryOn(retry.on),
    numRetries: retry.attempts,
    ...(backendRequestTimeoutMs > 0 && { perTryTimeout: durationFromMs(backendRequestTimeoutMs) }),
    retriableStatusCodes: [...retry.statusCodes],
    retriableRequestHeaders: methods,
    retryBackOff: {
      baseInterval: durationFromMs(baseMs),
      maxInterval: durationFromMs(Math.max(baseMs, retry.backoffMaxMs)),
    },
  };
}
