// envoy.service.ratelimit.v3.RateLimitService: descriptors to limits, answers of the store to statuses.
import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { type handleUnaryCall, status } from '@grpc/grpc-js';
import type { RateLimitDescriptor } from '@malha/xds/generated/envoy/extensions/common/ratelimit/v3/ratelimit_pb';
import {
  RateLimitResponse_Code as Code,
  type RateLimitRequest,
  type RateLimitResponse,
  RateLimitResponseSchema,
  RateLimitResponse_RateLimit_Unit as Unit,
} from '@malha/xds/generated/envoy/service/ratelimit/v3/rls_pb';
import { RateLimitUnit } from '@malha/xds/generated/envoy/type/v3/ratelimit_unit_pb';
import { type AskedDescriptor, type CountedLimit, countedLimit } from '../counted-limit.ts';
import { type CountedAnswer, type LimitStore, StoreAway } from '../limit-store.ts';

/** Descriptors of one request; Envoy sends one for each limit. */
const DESCRIPTORS_MAX = 64;
const ENTRIES_MAX = 32;
const HITS_MAX = 1_000_000;

const SECOND_MS = 1000;
const UNIT_MS: Readonly<Partial<Record<RateLimitUnit, number>>> = {
  [RateLimitUnit.SECOND]: SECOND_MS,
  [RateLimitUnit.MINUTE]: 60 * SECOND_MS,
  [RateLimitUnit.HOUR]: 3_600 * SECOND_MS,
  [RateLimitUnit.DAY]: 86_400 * SECOND_MS,
};

/** What the service counts of itself. */
export interface ServiceCounts {
  note(outcome: 'allowed' | 'limited' | 'failed' | 'invalid'): void;
}

export function shouldRateLimit(
  store: LimitStore,
  counts: ServiceCounts,
): handleUnaryCall<RateLimitRequest, RateLimitResponse> {
  return ({ request }, callback) => {
    const problem = problemOf(request);
    if (problem !== undefined) {
      counts.note('invalid');
      callback({ code: status.INVALID_ARGUMENT, details: problem });
      return;
    }
    decide(request, store).then(
      (response) => {
        counts.note(response.overallCode === Code.OVER_LIMIT ? 'limited' : 'allowed');
        callback(null, response);
      },
      (error: unknown) => {
        counts.note('failed');
        // Callers decide what that means: by default they let the request pass.
        const code = error instanceof StoreAway ? status.UNAVAILABLE : status.INTERNAL;
        callback({ code, details: error instanceof StoreAway ? error.message : 'internal error' });
      },
    );
  };
}

function problemOf({ domain, descriptors, hitsAddend }: RateLimitRequest): string | undefined {
  if (domain === '') return 'domain is empty';
  if (descriptors.length === 0) return 'there is no descriptor';
  if (descriptors.length > DESCRIPTORS_MAX) return `more than ${DESCRIPTORS_MAX} descriptors`;
  if (descriptors.some(({ entries }) => entries.length === 0 || entries.length > ENTRIES_MAX))
    return `a descriptor has no entry, or more than ${ENTRIES_MAX}`;
  return hitsAddend > HITS_MAX ? `hits_addend is above ${HITS_MAX}` : undefined;
}

async function decide({ domain, descriptors, hitsAddend }: RateLimitRequest, store: LimitStore) {
  const asked = descriptors.map((descriptor) => countedLimit(domain, askedOf(descriptor)));
  const limits = asked.filter((limit) => limit !== undefined);
  const answers = limits.length === 0 ? [] : [...(await store.take(limits, Math.max(1, hitsAddend)))];
  const waits = answers.map(({ isTaken, waitMs }) => (isTaken ? 0 : waitMs));
  const statuses = asked.map((limit) => statusOf(limit, limit === undefined ? undefined : answers.shift()));
  const isOver = statuses.some(({ code }) => code === Code.OVER_LIMIT);
  return create(RateLimitResponseSchema, {
    overallCode: isOver ? Code.OVER_LIMIT : Code.OK,
    statuses,
    ...(isOver && { responseHeadersToAdd: [retryAfter(waits)] }),
  });
}

/** Envoy passes it on to the client, as our own proxy makes it from the durations: whole seconds, at least one. */
function retryAfter(waitsMs: readonly number[]) {
  return { key: 'retry-after', value: String(Math.max(1, Math.ceil(Math.max(...waitsMs) / SECOND_MS))) };
}

function askedOf({ entries, limit }: RateLimitDescriptor): AskedDescriptor {
  const intervalMs = limit === undefined ? undefined : UNIT_MS[limit.unit];
  const override =
    limit === undefined || intervalMs === undefined ? undefined : { requests: limit.requestsPerUnit, intervalMs };
  return { entries, override };
}

/** Envoy tells clients of a limit in requests by second, minute, hour or day: the unit that the limit fills a whole of. */
function statusOf(limit: CountedLimit | undefined, answer: CountedAnswer | undefined) {
  if (limit === undefined || answer === undefined) return { code: Code.OK };
  const { requests, intervalMs } = limit.shape;
  const wholeUnits = ([Unit.DAY, Unit.HOUR, Unit.MINUTE, Unit.SECOND] as const).find(
    (unit) => intervalMs === UNIT_MS[unit as number as RateLimitUnit],
  );
  return {
    code: answer.isTaken ? Code.OK : Code.OVER_LIMIT,
    currentLimit: {
      requestsPerUnit: wholeUnits === undefined ? Math.ceil((requests * SECOND_MS) / intervalMs) : requests,
      unit: wholeUnits ?? Unit.SECOND,
    },
    limitRemaining: answer.remaining,
    durationUntilReset: durationFromMs(Math.ceil(answer.isTaken ? answer.resetMs : answer.waitMs)),
  };
}
