// Endpoints of the dialect `malha`: one locality for each level of priority, workload name, version and TLS in the endpoint's metadata.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { ClusterEndpoints, Endpoint } from '@malha/traffic';
import { ENDPOINT_TYPE } from '@malha/xds';
import { ENDPOINT_METADATA } from '@malha/xds/extension-names';
import { HealthStatus } from '@malha/xds/generated/envoy/config/core/v3/health_check_pb';
import type { LbEndpointSchema } from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_components_pb';
import { ClusterLoadAssignmentSchema } from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_pb';
import { EndpointInfoSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import type { ResourcePlan } from '../dialect.ts';
import { socketAddress } from '../shared/addresses.ts';
import { levelsOf } from '../shared/levels.ts';

export function endpointsPlan(endpoints: ClusterEndpoints): ResourcePlan {
  return {
    typeUrl: ENDPOINT_TYPE,
    name: endpoints.cluster,
    source: endpoints,
    bytes: () => encodeEndpoints(endpoints),
  };
}

function encodeEndpoints({ cluster, endpoints }: ClusterEndpoints): Uint8Array {
  return toBinary(
    ClusterLoadAssignmentSchema,
    create(ClusterLoadAssignmentSchema, {
      clusterName: cluster,
      endpoints: levelsOf(endpoints).map((level) => ({
        priority: level.priority,
        lbEndpoints: level.endpoints.map(lbEndpoint),
      })),
    }),
  );
}

function lbEndpoint(endpoint: Endpoint): MessageInitShape<typeof LbEndpointSchema> {
  const { workload, version, tls } = endpoint;
  return {
    hostIdentifier: { case: 'endpoint', value: { address: socketAddress(endpoint.address, endpoint.port) } },
    healthStatus: endpoint.healthy ? HealthStatus.HEALTHY : HealthStatus.UNHEALTHY,
    loadBalancingWeight: endpoint.weight,
    metadata: {
      typedFilterMetadata: {
        [ENDPOINT_METADATA]: anyPack(EndpointInfoSchema, create(EndpointInfoSchema, { workload, version, tls })),
      },
    },
  };
}
