// Labels of the endpoints that requests go to: one object per endpoint, so that telemetry knows them by identity.
import type { Cluster, Endpoint, ServiceKey, VirtualHost } from '@malha/traffic/config';
import { type Destination, NO_DESTINATION } from '../filters/request-recorder.ts';
import { UNKNOWN_PEER } from '../telemetry/record.ts';

/** Names of virtual hosts of services; those of gateways are of another form. */
const SERVICE_PORT = /^([^./:]+)\.([^./:]+):(\d+)$/;
/** Label sets kept by name, so that an endpoint that comes back is the same; more are forgotten at once. */
const KEPT_MAX = 10_000;

export class Destinations {
  private readonly byEndpoint = new WeakMap<Endpoint, Map<string, Destination>>();
  private readonly byName = new Map<string, Destination>();
  private readonly unassigned = new WeakMap<Cluster, Destination>();
  private readonly called = new WeakMap<VirtualHost, Destination>();

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

  /** Of a request that the proxy answers by itself: a virtual host of a gateway is no service. */
  meant(target: Cluster | VirtualHost | undefined): Destination {
    if (target === undefined) return NO_DESTINATION;
    return 'domains' in target ? this.ofHost(target) : this.withoutEndpoint(target);
  }

  private ofHost(host: VirtualHost): Destination {
    let destination = this.called.get(host);
    if (destination === undefined) {
      const [, name, namespace, port] = SERVICE_PORT.exec(host.name) ?? [];
      const isService = name !== undefined && namespace !== undefined;
      destination = isService ? serviceAlone({ namespace, name }, Number(port), '') : NO_DESTINATION;
      this.called.set(host, destination);
    }
    return destination;
  }

  /** No endpoint was reached: the service is still known. */
  private withoutEndpoint(cluster: Cluster): Destination {
    let destination = this.unassigned.get(cluster);
    if (destination === undefined) {
      destination = serviceAlone(cluster.service, cluster.port, cluster.version);
      this.unassigned.set(cluster, destination);
    }
    return destination;
  }
}

function serviceAlone({ namespace, name }: ServiceKey, port: number, version: string): Destination {
  return Object.freeze({
    peer: Object.freeze({ ...UNKNOWN_PEER, namespace, service: name, version }),
    serviceNamespace: namespace,
    service: name,
    port,
    version,
    workload: '',
    mtls: false,
  });
}
