export { MeshStatusFeed, useMeshStatus } from './use-mesh-status.ts';
export { useStale } from './use-stale.ts';
