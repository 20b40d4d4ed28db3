// The comparison of what an Envoy holds with what was meant for it: every kind of difference is told, and nothing else.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { JsonObject } from '@bufbuild/protobuf';
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differencesOf } from './src/configuration/compare.ts';
import { heldIn, isObject, objectsIn } from './src/configuration/config-dump.ts';
import { withOwnEndpoints } from './src/configuration/endpoints.ts';
import { messageJson } from './src/configuration/message-json.ts';
import type { ConfigResource } from './src/configuration/resource.ts';
import { wantedOf } from './src/configuration/wanted.ts';
import { type Places, worldOf } from './src/stage.ts';

const PLACES: Places = {
  model: 'envoy',
  addressOf: () => '127.0.0.2',
  appPort: (name, port) => port + name.length,
};
const RESOURCES = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: shop}
spec:
  parentRefs: [{group: malha.dev, kind: Service, name: reviews}]
  rules:
    - matches: [{path: {type: PathPrefix, value: /new}}]
      backendRefs:
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v1, port: 80, weight: 9}
        - {group: malha.dev, kind: ServiceVersion, name: reviews-v2, port: 80, weight: 1}
    - backendRefs: [{group: malha.dev, kind: ServiceVersion, name: reviews-v1, port: 80}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: malha
  listeners: [{name: https, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: www}]}}]
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-comparison-'));
let wanted: readonly ConfigResource[] = [];

beforeAll(async () => {
  fs.mkdirSync(path.join(folder, 'shop/www'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'shop/www/tls.crt'), 'a certificate');
  const world = worldOf(
    { name: 'comparison', resources: RESOURCES, unhealthy: ['shop/reviews-v2'], exchanges: [] },
    PLACES,
  );
  const context = {
    address: '127.0.0.2',
    inboundPort: 15_006,
    outboundPort: 15_001,
    trustDomain: 'mesh.local',
    secretFiles: { identity: '/identity.sds.json', trust: '/trust.sds.json', certificates: folder },
    certificateOf: () => undefined,
  };
  wanted = wantedOf(world, 'shop/front', context, await messageJson());
});

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const FIELDS: Readonly<Record<string, readonly [list: string, resource: string]>> = {
  [CLUSTER_TYPE]: ['dynamic_active_clusters', 'cluster'],
  [ENDPOINT_TYPE]: ['dynamic_endpoint_configs', 'endpoint_config'],
  [ROUTE_TYPE]: ['dynamic_route_configs', 'route_config'],
  [SECRET_TYPE]: ['dynamic_active_secrets', 'secret'],
};

/** As Envoy prints it when it holds just what is wanted. */
function dumpOf(resources: readonly ConfigResource[]): JsonObject {
  const sections = withOwnEndpoints(resources).map(({ typeUrl, name, json }): JsonObject => {
    const body = { '@type': typeUrl, ...structuredClone(json) };
    if (typeUrl === LISTENER_TYPE) return { dynamic_listeners: [{ name, active_state: { listener: body } }] };
    const [list, resource] = FIELDS[typeUrl] ?? ['', ''];
    return { [list]: [{ name, [resource]: body }] };
  });
  return { configs: sections };
}

/** The resource within the dump, to be changed there. */
function held(dump: JsonObject, typeUrl: string, name: string): JsonObject {
  const [list, resource] = FIELDS[typeUrl] ?? ['', ''];
  for (const section of objectsIn(dump, 'configs')) {
    for (const each of [...objectsIn(section, list), ...objectsIn(section, 'dynamic_listeners')]) {
      const state = isObject(each.active_state) ? each.active_state : each;
      const body = state[typeUrl === LISTENER_TYPE ? 'listener' : resource];
      if (isObject(body) && (body.name === name || body.cluster_name === name)) return body;
    }
  }
  throw new Error(`no ${name} in the dump`);
}

function add(dump: JsonObject, section: JsonObject): void {
  dump.configs = [...objectsIn(dump, 'configs'), section];
}

function without(dump: JsonObject, list: string, name: string): void {
  const isIt = (section: JsonObject) => objectsIn(section, list).some((each) => each.name === name);
  dump.configs = objectsIn(dump, 'configs').filter((section) => !isIt(section));
}

function endpoint(dump: JsonObject, cluster: string): JsonObject {
  const [group] = objectsIn(held(dump, ENDPOINT_TYPE, cluster), 'endpoints');
  const [each] = objectsIn(group, 'lb_endpoints');
  if (each === undefined) throw new Error(`${cluster} has no endpoint`);
  return each;
}

const V1 = 'outbound|80|v1|reviews.shop';
const V2 = 'outbound|80|v2|reviews.shop';

type Seed = readonly [name: string, seed: (dump: JsonObject) => void, words: RegExp];

const SEEDED: readonly Seed[] = [
  [
    'a cluster is missing',
    (dump) => without(dump, 'dynamic_active_clusters', V1),
    /^Cluster outbound\|80\|v1\|reviews\.shop: is missing$/,
  ],
  [
    'a cluster that nobody wants',
    (dump) => add(dump, { dynamic_active_clusters: [{ cluster: { name: 'stranger' } }] }),
    /^Cluster stranger: is not wanted$/,
  ],
  [
    'another timeout of connections',
    (dump) => Object.assign(held(dump, CLUSTER_TYPE, V1), { connect_timeout: '7s' }),
    /^Cluster .*\.connect_timeout: wanted "\d+s", held "7s"$/,
  ],
  [
    'a field that was never sent',
    (dump) => Object.assign(held(dump, CLUSTER_TYPE, V1), { lb_policy: 'RANDOM' }),
    /^Cluster .*\.lb_policy: wanted .*, held "RANDOM"$/,
  ],
  [
    'endpoints are missing',
    (dump) => Object.assign(held(dump, ENDPOINT_TYPE, V1), { endpoints: [] }),
    /^ClusterLoadAssignment .*\|v1\|reviews\.shop\.127\.0\.0\.1:\d+: wanted .*, held nothing$/,
  ],
  [
    'an application at another address',
    (dump) => Object.assign(endpoint(dump, 'inbound|8080'), { endpoint: { address: { pipe: { path: '/other' } } } }),
    /^ClusterLoadAssignment inbound\|8080\.127\.0\.0\.1:\d+: wanted .*, held nothing$/m,
  ],
  [
    'an endpoint with another weight',
    (dump) => Object.assign(endpoint(dump, V1), { load_balancing_weight: 3 }),
    /^ClusterLoadAssignment .*\.weight: wanted 1, held 3$/,
  ],
  [
    'an endpoint without mutual TLS',
    (dump) => Object.assign(endpoint(dump, 'outbound|80||front.shop'), { metadata: {} }),
    /^ClusterLoadAssignment .*\.filter_metadata: wanted .*"mtls":"true".*, held nothing$/,
  ],
  [
    'an unhealthy endpoint in use',
    (dump) =>
      Object.assign(held(dump, ENDPOINT_TYPE, V2), { endpoints: held(dump, ENDPOINT_TYPE, V1).endpoints ?? [] }),
    /^ClusterLoadAssignment .*\|v2\|reviews\.shop\.127\.0\.0\.1:\d+: wanted nothing, held .*$/,
  ],
  [
    'other weights',
    (dump) => {
      const [first] = weightedRoutes(dump);
      if (first !== undefined) first.weight = 8;
    },
    /^RouteConfiguration outbound\.virtual_hosts\[\d+\]\..*\.weight: wanted 9, held 8$/,
  ],
  [
    'a route too few',
    (dump) => Object.assign(reviews(dump), { routes: objectsIn(reviews(dump), 'routes').slice(1) }),
    /^RouteConfiguration outbound\.virtual_hosts\[\d+\]\.routes\[/m,
  ],
  [
    'a table that nobody wants',
    (dump) => add(dump, { dynamic_route_configs: [{ route_config: { name: 'stranger' } }] }),
    /^RouteConfiguration stranger: is not wanted$/,
  ],
  [
    'a secret is missing',
    (dump) => without(dump, 'dynamic_active_secrets', 'shop/www'),
    /^Secret shop\/www: is missing$/,
  ],
  [
    'another certificate',
    (dump) =>
      Object.assign(held(dump, SECRET_TYPE, 'shop/www'), {
        tls_certificate: { certificate_chain: { inline_bytes: '' } },
      }),
    /^Secret shop\/www\.certificate_chain\.inline_bytes: wanted ".+", held ""$/,
  ],
  [
    'a listener at another port',
    (dump) =>
      Object.assign(held(dump, LISTENER_TYPE, 'outbound'), {
        address: { socket_address: { address: '127.0.0.2', port_value: 1 } },
      }),
    /^Listener outbound\.address\.socket_address\.port_value: wanted 15001, held 1$/,
  ],
  [
    'a listener without its filters',
    (dump) => Object.assign(held(dump, LISTENER_TYPE, 'inbound'), { filter_chains: [] }),
    /^Listener inbound\.filter_chains\[0\]: wanted .*, held nothing$/m,
  ],
  [
    'a listener that waits',
    (dump) => add(dump, { dynamic_listeners: [{ name: 'gateway|8443', warming_state: {} }] }),
    /^gateway\|8443 is not in force yet$/,
  ],
  [
    'a cluster that waits',
    (dump) => add(dump, { dynamic_warming_clusters: [{ cluster: { name: V1 } }] }),
    /^outbound\|80\|v1\|reviews\.shop is not in force yet$/,
  ],
  [
    'a listener that was refused',
    (dump) => add(dump, { dynamic_listeners: [{ name: 'inbound', error_state: { details: 'no such filter' } }] }),
    /^inbound: no such filter$/,
  ],
];

function reviews(dump: JsonObject): JsonObject {
  const hosts = objectsIn(held(dump, ROUTE_TYPE, 'outbound'), 'virtual_hosts');
  const host = hosts.find((each) => JSON.stringify(each.routes).includes('/new'));
  if (host === undefined) throw new Error('no virtual host of the route');
  return host;
}

function weightedRoutes(dump: JsonObject): JsonObject[] {
  return objectsIn(reviews(dump), 'routes').flatMap(({ route }) =>
    objectsIn(isObject(route) ? route.weighted_clusters : undefined, 'clusters'),
  );
}

describe('what an Envoy holds beside what was meant', () => {
  test('nothing differs where it holds just that', () => {
    expect(differencesOf(wanted, heldIn(dumpOf(wanted)))).toEqual([]);
  });

  test.each(SEEDED)('tells %s', (_, seed, words) => {
    const dump = dumpOf(wanted);
    seed(dump);
    expect(differencesOf(wanted, heldIn(dump)).join('\n')).toMatch(words);
  });

  test('tables and secrets of filter chains that drain may stay, clusters and listeners may not', () => {
    const dump = dumpOf(wanted);
    add(dump, { dynamic_route_configs: [{ route_config: { name: 'former' } }] });
    add(dump, { dynamic_active_secrets: [{ name: 'shop/former', secret: { name: 'shop/former' } }] });
    add(dump, { dynamic_active_clusters: [{ cluster: { name: 'former' } }] });
    const formerly = new Set(['RouteConfiguration former', 'Secret shop/former', 'Cluster former']);
    expect(differencesOf(wanted, heldIn(dump), formerly)).toEqual(['Cluster former: is not wanted']);
  });
});
