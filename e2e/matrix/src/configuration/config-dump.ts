// What an Envoy says that it holds: its /config_dump, as resources.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import type { ConfigResource } from './resource.ts';

export interface HeldConfiguration {
  readonly resources: readonly ConfigResource[];
  /** Names of clusters and listeners that are not in force yet. */
  readonly warming: readonly string[];
  /** Words of listeners that could not be taken. */
  readonly errors: readonly string[];
}

/** @param address `host:port` of the admin interface. */
export async function readConfigDump(address: string): Promise<HeldConfiguration> {
  const response = await fetch(`http://${address}/config_dump?include_eds`, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`config_dump of ${address} answers ${response.status}`);
  return heldIn((await response.json()) as JsonObject);
}

/** Static resources are left out: they are the bootstrap's. */
export function heldIn(dump: JsonObject): HeldConfiguration {
  const resources: ConfigResource[] = [];
  const warming: string[] = [];
  const errors: string[] = [];
  const add = (typeUrl: string, field: string, json: JsonValue | undefined) => {
    if (isObject(json)) resources.push({ typeUrl, name: String(json[field]), json: withoutType(json) });
  };
  for (const section of objectsIn(dump, 'configs')) {
    for (const each of objectsIn(section, 'dynamic_active_clusters')) add(CLUSTER_TYPE, 'name', each.cluster);
    for (const { cluster } of objectsIn(section, 'dynamic_warming_clusters')) warming.push(nameIn(cluster));
    for (const each of objectsIn(section, 'dynamic_endpoint_configs'))
      add(ENDPOINT_TYPE, 'cluster_name', each.endpoint_config);
    for (const each of objectsIn(section, 'dynamic_route_configs')) add(ROUTE_TYPE, 'name', each.route_config);
    for (const each of objectsIn(section, 'dynamic_active_secrets')) add(SECRET_TYPE, 'name', each.secret);
    for (const { name } of objectsIn(section, 'dynamic_warming_secrets')) warming.push(String(name));
    for (const listener of objectsIn(section, 'dynamic_listeners')) {
      const { name, active_state, warming_state, error_state } = listener;
      if (isObject(active_state)) add(LISTENER_TYPE, 'name', active_state.listener);
      if (warming_state !== undefined) warming.push(String(name));
      if (isObject(error_state)) errors.push(`${String(name)}: ${String(error_state.details)}`);
    }
  }
  return { resources, warming, errors };
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectsIn(parent: JsonValue | undefined, field: string): JsonObject[] {
  const list = isObject(parent) ? parent[field] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function nameIn(value: JsonValue | undefined): string {
  return isObject(value) ? String(value.name) : '';
}

function withoutType({ '@type': _, ...rest }: JsonObject): JsonObject {
  return rest;
}
