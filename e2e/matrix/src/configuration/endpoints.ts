// Endpoints for the comparison: Envoy prints those of a cluster from what it balances over, not the message that it was sent.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { CLUSTER_TYPE, ENDPOINT_TYPE } from '@malha/xds';
import { isObject, objectsIn } from './config-dump.ts';
import type { ConfigResource } from './resource.ts';

/** With the endpoints that clusters carry within themselves, which Envoy prints like those that were sent on their own. */
export function withOwnEndpoints(wanted: readonly ConfigResource[]): ConfigResource[] {
  const own = wanted.flatMap(({ typeUrl, name, json: { load_assignment } }) =>
    typeUrl === CLUSTER_TYPE && isObject(load_assignment)
      ? [{ typeUrl: ENDPOINT_TYPE, name, json: load_assignment }]
      : [],
  );
  return [...wanted, ...own];
}

/** Address and port -> what counts of the endpoint: not its health, which the registry decides before and Envoy checks after. */
export function endpointsOf(assignment: JsonObject): JsonObject {
  const endpoints: [string, JsonObject][] = objectsIn(assignment, 'endpoints').flatMap((group) =>
    objectsIn(group, 'lb_endpoints').map((each): [string, JsonObject] => [
      placeOf(each.endpoint),
      {
        priority: group.priority ?? 0,
        locality: group.locality ?? {},
        weight: each.load_balancing_weight ?? 1,
        metadata: each.metadata ?? {},
      },
    ]),
  );
  return Object.fromEntries(endpoints);
}

function placeOf(endpoint: JsonValue | undefined): string {
  const address = isObject(endpoint) ? endpoint.address : undefined;
  const socket = isObject(address) ? address.socket_address : undefined;
  if (isObject(socket)) return `${String(socket.address)}:${String(socket.port_value)}`;
  return JSON.stringify(address ?? null);
}
