// The xDS module of the control plane.
export type { Nack, ProxyPropagation, RevisionPropagation } from './propagation/propagation.ts';
export type { WorldSource, WorldState } from './world-source.ts';
export { createXdsServer, type XdsCaller, type XdsObserver, type XdsServer, type XdsServerDeps } from './xds-server.ts';
