export type * from './clock.ts';
export * from './config.ts';
