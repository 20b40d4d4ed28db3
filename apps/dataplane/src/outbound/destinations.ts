// Labels of the endpoints that requests go to: one object per endpoint, so that telemetry knows them by identity.
import type { Cluster, Endpoint } from '@malha/traffic/config';
import type { Destination } from '../filters/request-recorder.ts';
import { UNKNOWN_PEER } from '../telemetry/record.ts';

/** Label sets kept by name, so that an endpoint that comes back is the same; more are forgotten at once. */
const KEPT_MAX = 10_000;

export class Destinations {
  private readonly byEndpoint = new WeakMap<Endpoint, Map<string, Destination>>();
  private readonly byName = new Map<string, Destination>();
  private readonly unassigned = new WeakMap<Cluster, Destination>();

  of(cluster: Cluster, endpoint: Endpoint | undefined): Destination {
    if (endpoint === undefined) return this.withoutEndpoint(cluster);
    let ofEndpoint = this.byEndpoint.get(endpoint);
    if (ofEndpoint === undefined) {
      ofEndpoint = new Map();
      this.byEndpoint.set(endpoint, ofEndpoint);
    }
    const known = ofEndpoint.get(cluster.name);
    if (known !== undefined) return known;
    const destination = this.named(cluster, endpoint);
    ofEndpoint.set(cluster.name, destination);
    return destination;
  }

  private named(cluster: Cluster, endpoint: Endpoint): Destination {
    const { service, port } = cluster;
    const principal = endpoint.tls ? (cluster.tls.spiffeIds[0] ?? '') : '';
    const key = [service.namespace, service.name, port, endpoint.workload, endpoint.version, principal].join('|');
    const known = this.byName.get(key);
    if (known !== undefined) return known;
    const slash = endpoint.workload.indexOf('/');
    const workload = endpoint.workload.slice(slash + 1);
    const { version } = endpoint;
    const destination: Destination = Object.freeze({
      peer: Object.freeze({ namespace: service.namespace, service: service.name, version, workload, principal }),
      serviceNamespace: service.namespace,
      service: service.name,
      port,
      version,
      workload,
      mtls: endpoint.tls,
    });
    if (this.byName.size >= KEPT_MAX) this.byName.clear();
    this.byName.set(key, destination);
    return destination;
  }

  /** No endpoint was reached: the service is still known. */
  private withoutEndpoint(cluster: Cluster): Destination {
    const known = this.unassigned.get(cluster);
    if (known !== undefined) return known;
    const { service, port, version } = cluster;
    const destination: Destination = Object.freeze({
      peer: Object.freeze({ ...UNKNOWN_PEER, namespace: service.namespace, service: service.name, version }),
      serviceNamespace: service.namespace,
      service: service.name,
      port,
      version,
      workload: '',
      mtls: false,
    });
    this.unassigned.set(cluster, destination);
    return destination;
  }
}
