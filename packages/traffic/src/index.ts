// The traffic engine: runtime types and the pure code that runs them. No sockets, clock, timers or randomness of its own.
export * from './authorization.ts';
export * from './balancer.ts';
export type * from './clock.ts';
export * from './cohort.ts';
export * from './config.ts';
export * from './cors.ts';
export * from './device.ts';
export type * from './explain.ts';
export * from './flags.ts';
export * from './histogram.ts';
export { IpBlocks, parseAddress } from './ip-block.ts';
export * from './mutation.ts';
export * from './path.ts';
export type * from './request-view.ts';
export * from './retry.ts';
export type { MatchCheck } from './route-matcher.ts';
export * from './router.ts';
export { WeightTable } from './weight-table.ts';
