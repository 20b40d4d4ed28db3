// ClusterLoadAssignment -> ClusterEndpoints.
import type { ClusterEndpoints, ClusterName, Endpoint } from '@malha/traffic';
import { ENDPOINT_METADATA } from '@malha/xds/extension-names';
import { SocketAddressSchema } from '@malha/xds/generated/envoy/config/core/v3/address_pb';
import { HealthStatus } from '@malha/xds/generated/envoy/config/core/v3/health_check_pb';
import {
  EndpointSchema,
  type LbEndpoint,
  LbEndpointSchema,
  LocalityLbEndpointsSchema,
} from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_components_pb';
import { ClusterLoadAssignmentSchema } from '@malha/xds/generated/envoy/config/endpoint/v3/endpoint_pb';
import { EndpointInfoSchema } from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import { onlyMetadata } from './metadata.ts';
import { decodeMessage, onlyFields, ResourceError, required, unpack } from './strict.ts';

const checkAssignment = onlyFields(ClusterLoadAssignmentSchema, ['clusterName', 'endpoints']);
const checkLocality = onlyFields(LocalityLbEndpointsSchema, ['lbEndpoints', 'priority']);
const checkLbEndpoint = onlyFields(LbEndpointSchema, ['endpoint', 'healthStatus', 'metadata', 'loadBalancingWeight']);
const checkEndpoint = onlyFields(EndpointSchema, ['address']);
const checkSocket = onlyFields(SocketAddressSchema, ['address', 'portValue']);

export function decodeEndpoints(bytes: Uint8Array): ClusterEndpoints {
  const assignment = decodeMessage(ClusterLoadAssignmentSchema, bytes, '');
  checkAssignment(assignment, '');
  const endpoints = assignment.endpoints.flatMap((locality, index) => {
    const path = `endpoints[${index}]`;
    checkLocality(locality, path);
    const { priority } = locality;
    return locality.lbEndpoints.map((from, at) => {
      const read = endpoint(from, `${path}.lb_endpoints[${at}]`);
      return priority === 0 ? read : { ...read, priority };
    });
  });
  return { cluster: assignment.clusterName as ClusterName, endpoints };
}

function endpoint(from: LbEndpoint, path: string): Endpoint {
  checkLbEndpoint(from, path);
  const metadata = onlyMetadata(from.metadata, ENDPOINT_METADATA, `${path}.metadata`);
  const info = unpack(EndpointInfoSchema, metadata, `${path}.metadata.typed_filter_metadata[${ENDPOINT_METADATA}]`);
  const weight = required(from.loadBalancingWeight, `${path}.load_balancing_weight`);
  if (weight < 1) throw new ResourceError(`${path}.load_balancing_weight`, 'must be at least 1');
  return {
    workload: info.workload,
    ...socket(from, path),
    tls: info.tls,
    version: info.version,
    weight,
    healthy: healthy(from.healthStatus, `${path}.health_status`),
  };
}

function socket(from: LbEndpoint, path: string): { address: string; port: number } {
  const { hostIdentifier } = from;
  if (hostIdentifier.case !== 'endpoint') throw new ResourceError(`${path}.endpoint`, 'missing');
  checkEndpoint(hostIdentifier.value, `${path}.endpoint`);
  const address = hostIdentifier.value.address?.address;
  const at = `${path}.endpoint.address`;
  if (address?.case !== 'socketAddress') throw new ResourceError(`${at}.socket_address`, 'missing');
  checkSocket(address.value, `${at}.socket_address`);
  const port = address.value.portSpecifier;
  if (port.case !== 'portValue' || port.value < 1 || port.value > 65_535) {
    throw new ResourceError(`${at}.socket_address.port_value`, 'must be 1 to 65535');
  }
  return { address: address.value.address, port: port.value };
}

function healthy(status: HealthStatus, path: string): boolean {
  switch (status) {
    case HealthStatus.UNKNOWN:
    case HealthStatus.HEALTHY:
      return true;
    case HealthStatus.UNHEALTHY:
    case HealthStatus.DRAINING:
    case HealthStatus.TIMEOUT:
      return false;
    default:
      throw new ResourceError(path, `${HealthStatus[status]} is not supported by this proxy`);
  }
}
