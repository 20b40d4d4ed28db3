// Endpoints for Envoy: whether an endpoint takes mutual TLS decides its transport socket.
import { create, toBinary } from '@bufbuild/protobuf';
import type { ClusterEndpoints } from '@malha/traffic';
import { ENDPOINT_TYPE } from '@malha/xds';
import { HealthStatus } from '@malha/xds/generated/envoy/config/core/v3/health_check_pb';
import { ClusterLoadAssignmentSchema } from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';

/** Metadata by which a cluster's transport socket is chosen. */
export const TLS_ENDPOINT = { mtls: 'true' };
const PLAINTEXT_ENDPOINT = { mtls: 'false' };

export function endpointsPlan(list: ClusterEndpoints): ResourcePlan {
  return { typeUrl: ENDPOINT_TYPE, name: list.cluster, source: list, bytes: () => encodeEndpoints(list) };
}

function encodeEndpoints({ cluster, endpoints }: ClusterEndpoints): Uint8Array {
  const lbEndpoints = endpoints.map(({ address, port, healthy, weight, tls }) => ({
    hostIdentifier: { case: 'endpoint' as const, value: { address: socketAddress(address, port) } },
    healthStatus: healthy ? HealthStatus.HEALTHY : HealthStatus.UNHEALTHY,
    loadBalancingWeight: weight,
    metadata: { filterMetadata: { 'envoy.transport_socket_match': tls ? TLS_ENDPOINT : PLAINTEXT_ENDPOINT } },
  }));
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: cluster,
    endpoints: lbEndpoints.length === 0 ? [] : [{ lbEndpoints }],
  });
  return toBinary(ClusterLoadAssignmentSchema, message);
}
