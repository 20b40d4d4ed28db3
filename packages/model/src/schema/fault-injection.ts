// FaultInjection: calls of its target are delayed, answered with an error, broken off or slowed down, for a part of the
// requests and a time that has an end, which comes sooner when too much goes wrong.
import { z } from 'zod';
import { durationMs, isDuration } from '../duration.ts';
import { isTimestamp } from '../timestamp.ts';
import { faultExperiment, faultStop } from './fault-watch.ts';
import { MALHA_API_VERSION, namespacedMetadata, sectionTargetRef } from './metadata.ts';
import { callerIdentity, requestMatch } from './request-match.ts';
import { duration } from './scalars.ts';

const DELAY_MAX_MS = 300_000;
const LASTS_MAX_MS = 24 * 3_600_000;
/** Codes of gRPC but for OK. */
const GRPC_CODE_MAX = 16;
/** Slower than this, a body of usual size takes longer than anybody measures. */
const BYTES_PER_SECOND_MIN = 1024;
const BYTES_PER_SECOND_MAX = 1_000_000_000;
const NAME_MAX = 256;
const REASON_MAX = 2_000;

const percent = z.number().min(0).max(100);
const bytesPerSecond = z.int().min(BYTES_PER_SECOND_MIN).max(BYTES_PER_SECOND_MAX);
const moment = z.iso.datetime().refine(isTimestamp, 'must be in UTC, like 2026-11-26T09:30:00Z');

function upTo(maxMs: number, words: string) {
  return duration.refine(
    (text) => !isDuration(text) || (durationMs(text) > 0 && durationMs(text) <= maxMs),
    `must be longer than 0 and at most ${words}`,
  );
}

const abort = z
  .strictObject({
    percent,
    httpStatus: z.int().min(200).max(599).optional(),
    grpcStatus: z.int().min(1).max(GRPC_CODE_MAX).optional(),
  })
  .refine(({ httpStatus, grpcStatus }) => (httpStatus === undefined) !== (grpcStatus === undefined), {
    message: 'must have either httpStatus or grpcStatus',
  });

/** Of each request by itself; of a connection where its bytes are no HTTP. */
const bandwidth = z
  .strictObject({
    percent,
    responseBytesPerSecond: bytesPerSecond.optional(),
    requestBytesPerSecond: bytesPerSecond.optional(),
  })
  .refine(
    (slow) => slow.responseBytesPerSecond !== undefined || slow.requestBytesPerSecond !== undefined,
    'must have responseBytesPerSecond, requestBytesPerSecond, or both',
  );

/** How it ended before its time: written by the control plane, kept until the fault is changed. */
const ended = z.strictObject({
  at: moment,
  by: z.string().min(1).max(NAME_MAX),
  reason: z.string().min(1).max(REASON_MAX),
});
export type FaultEnd = z.infer<typeof ended>;

export const faultInjectionSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('FaultInjection'),
  metadata: namespacedMetadata,
  spec: z
    .strictObject({
      targetRef: sectionTargetRef(['Service', 'HTTPRoute', 'GRPCRoute']),
      /** Whose calls; everybody's when not given. */
      callers: z.array(callerIdentity).min(1).max(64).optional(),
      match: requestMatch.omit({ callers: true }).optional(),
      delay: z.strictObject({ percent, duration: upTo(DELAY_MAX_MS, '5m') }).optional(),
      abort: abort.optional(),
      /** The connection breaks off without an answer. */
      reset: z.strictObject({ percent }).optional(),
      bandwidth: bandwidth.optional(),
      /** Ends it when too many requests fail. */
      stop: faultStop.optional(),
      /** What must hold before, during and after; the fault does not begin where it does not. */
      experiment: faultExperiment.optional(),
      expiresAfter: upTo(LASTS_MAX_MS, '24h'),
      /** From when `expiresAfter` counts; the control plane writes it when the fault begins. */
      startedAt: moment.optional(),
      ended: ended.optional(),
    })
    .refine((spec) => [spec.delay, spec.abort, spec.reset, spec.bandwidth].some((part) => part !== undefined), {
      message: 'must have delay, abort, reset or bandwidth',
    }),
});
export type FaultInjectionResource = z.infer<typeof faultInjectionSchema>;
