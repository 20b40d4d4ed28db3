// What a TrafficPolicy says of the requests that a service takes: as many as it can work on, how large, of which kind.
import { z } from 'zod';
import { durationMs } from '../duration.ts';
import { duration } from './scalars.ts';

const concurrency = z.int().min(1).max(100_000);

export const overload = z
  .strictObject({
    /** `Adaptive` when a policy gives any other field. */
    mode: z.enum(['Off', 'Adaptive']).optional(),
    minConcurrency: concurrency.optional(),
    maxConcurrency: concurrency.optional(),
    /** Requests that may wait for their turn; 0 = none. */
    maxQueue: z.int().min(0).max(10_000).optional(),
    queueTimeout: duration.refine((text) => durationMs(text) > 0, 'must be more than 0').optional(),
  })
  .refine(({ minConcurrency = 1, maxConcurrency = minConcurrency }) => minConcurrency <= maxConcurrency, {
    path: ['minConcurrency'],
    message: 'must not be greater than maxConcurrency',
  });

/** `HTTP` is what is neither a call of gRPC nor a WebSocket. */
export const allowedProtocol = z.enum(['HTTP', 'gRPC', 'WebSocket']);
export type AllowedProtocol = z.infer<typeof allowedProtocol>;

export const requests = z.strictObject({
  /** Of a body. */
  maxBytes: z.int().min(1).max(4_294_967_295).optional(),
  allowedProtocols: z
    .array(allowedProtocol)
    .min(1)
    .max(allowedProtocol.options.length)
    .refine((list) => new Set(list).size === list.length, 'must not name one twice')
    .optional(),
});

/** Lowest last: sheddable requests are shed first. */
export const requestPriority = z.enum(['critical', 'default', 'sheddable']);
export type RequestPriority = z.infer<typeof requestPriority>;
