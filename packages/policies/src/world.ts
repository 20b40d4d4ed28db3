// What policies are compiled from: everything the operators wrote and everything that is registered.
import type { Finding, Resource, WorkloadResource } from '@malha/model';
import type { MeshConfig } from '@malha/traffic';

export interface World {
  /** In order of creation, oldest first: where two resources disagree, the older wins. */
  readonly resources: readonly Resource[];
  /** Registered workloads; those with `status.healthy` false get no calls. */
  readonly workloads: readonly WorkloadResource[];
  readonly trustDomain: string;
  /** Those that are stored for gateways; undefined = gateways have them from elsewhere, nothing is known of them. */
  readonly certificates?: readonly StoredCertificate[];
  /** No proxy has a certificate (standalone without identity): all inbound ports and endpoints are plaintext. */
  readonly plaintext?: boolean;
}

/** A certificate for listeners of gateways, without its content. */
export interface StoredCertificate {
  readonly namespace: string;
  readonly name: string;
  /** DNS names (lower case, wildcards as they are written) and addresses for which it is good. */
  readonly hosts: readonly string[];
}

/** One proxy. */
export interface Scope {
  readonly namespace: string;
  readonly workload: string;
}

export interface Compiled {
  readonly config: MeshConfig;
  /** Resources that could not be applied as written, with the reason; the rest goes on. */
  readonly quarantined: readonly Finding[];
}

/** Thrown when the scope's workload is not in the world. */
export class UnknownWorkloadError extends Error {
  readonly code = 'MALHA2001';

  constructor(readonly scope: Scope) {
    super(`The workload ${scope.namespace}/${scope.workload} is not registered.`);
    this.name = 'UnknownWorkloadError';
  }
}
