// Endpoints for Envoy: whether an endpoint takes mutual TLS decides its transport socket.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import type { ClusterEndpoints, Endpoint } from '@malha/traffic';
import { ENDPOINT_TYPE } from '@malha/xds';
import { HealthStatus } from '@malha/xds/generated/envoy/config/core/v3/health_check_pb';
import type { LbEndpointSchema } from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_components_pb';
import { ClusterLoadAssignmentSchema } from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { levelsOf } from '../shared/levels.ts';

/** Metadata by which a cluster's transport socket is chosen. */
export const TLS_ENDPOINT = { mtls: 'true' };
const PLAINTEXT_ENDPOINT = { mtls: 'false' };

export function endpointsPlan(list: ClusterEndpoints): ResourcePlan {
  return { typeUrl: ENDPOINT_TYPE, name: list.cluster, source: list, bytes: () => encodeEndpoints(list) };
}

function encodeEndpoints({ cluster, endpoints }: ClusterEndpoints): Uint8Array {
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: cluster,
    // Two localities of one name in two levels would be one for Envoy.
    endpoints: levelsOf(endpoints).map(({ priority, endpoints: list }) => ({
      locality: { subZone: `level-${priority}` },
      priority,
      lbEndpoints: list.map(lbEndpoint),
    })),
  });
  return toBinary(ClusterLoadAssignmentSchema, message);
}

function lbEndpoint({ address, port, healthy, weight, tls }: Endpoint): MessageInitShape<typeof LbEndpointSchema> {
  return {
    hostIdentifier: { case: 'endpoint', value: { address: socketAddress(address, port) } },
    healthStatus: healthy ? HealthStatus.HEALTHY : HealthStatus.UNHEALTHY,
    loadBalancingWeight: weight,
    metadata: { filterMetadata: { 'envoy.transport_socket_match': tls ? TLS_ENDPOINT : PLAINTEXT_ENDPOINT } },
  };
}
