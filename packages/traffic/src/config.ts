// Runtime configuration of one proxy: what policies produce, dialects carry, and the engine runs.
// Everything is plain frozen data; a table is swapped, never changed in place.
import type { Cluster, ClusterEndpoints } from './cluster-config.ts';
import type { GatewayListener, InboundListener, OutboundListener, TcpListener } from './listener-config.ts';
import type { RouteTable } from './route-config.ts';

export type * from './authorization-config.ts';
export type * from './cluster-config.ts';
export type { ClusterName } from './cluster-name.ts';
export type { FallbackConfig } from './fallback/rule.ts';
export type * from './listener-config.ts';
export * from './route-config.ts';

/** Everything one workload's proxy needs. The certificate and the trust bundle are not here: they come as secrets. */
export interface MeshConfig {
  readonly outbound: OutboundListener;
  readonly inbound: InboundListener;
  /** Listeners for clients outside of the mesh, by port; absent for all but edge proxies. */
  readonly gateways?: readonly GatewayListener[];
  /** Listeners for bytes that are no HTTP, one for each upstream that the workload declares; absent when there is none. */
  readonly tcp?: readonly TcpListener[];
  readonly routeTables: readonly RouteTable[];
  readonly clusters: readonly Cluster[];
  readonly endpoints: readonly ClusterEndpoints[];
}
