// The store of mesh resources.
export type { Analyze } from './analysis.ts';
export { createChangesRouter } from './changes-router.ts';
export { type GoldenAround, History, type PropagationSummary } from './history.ts';
export { ResourceRepository } from './repository.ts';
export { createResourcesRouter } from './router.ts';
export { ResourceStore } from './store.ts';
export type * from './types.ts';
