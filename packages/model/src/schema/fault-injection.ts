// FaultInjection: calls of its target are delayed, answered with an error or broken off, for a part of the requests and a
// time that has an end.
import { z } from 'zod';
import { durationMs, isDuration } from '../duration.ts';
import { isTimestamp } from '../timestamp.ts';
import { MALHA_API_VERSION, namespacedMetadata, sectionTargetRef } from './metadata.ts';
import { callerIdentity, requestMatch } from './request-match.ts';
import { duration } from './scalars.ts';

const DELAY_MAX_MS = 300_000;
const LASTS_MAX_MS = 24 * 3_600_000;
/** Codes of gRPC but for OK. */
const GRPC_CODE_MAX = 16;

const percent = z.number().min(0).max(100);

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
      expiresAfter: upTo(LASTS_MAX_MS, '24h'),
      /** From when `expiresAfter` counts; the control plane writes it when the fault begins. */
      startedAt: z.iso.datetime().refine(isTimestamp, 'must be in UTC, like 2026-11-26T09:30:00Z').optional(),
    })
    .refine(({ delay, abort: aborts, reset }) => [delay, aborts, reset].some((part) => part !== undefined), {
      message: 'must have delay, abort or reset',
    }),
});
export type FaultInjectionResource = z.infer<typeof faultInjectionSchema>;
