import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import type { ClusterName, MeshConfig } from '@malha/traffic';
import { CLUSTER_TYPE, configHash, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import { ClusterSchema } from '@malha/xds/generated/envoy/config/cluster/v3/cluster_pb';
import { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { SecretSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import { describe, expect, test } from 'vitest';
import { encode } from '../../../api/src/xds/dialects/malha/index.ts';
import { ConfigStore, type RawResource } from './config-store.ts';

const none = { set: [], add: [], remove: [] };
const name = 'outbound|80|v1|a.x' as ClusterName;

const config: MeshConfig = {
  outbound: { routeTable: 'outbound', tracing: { samplePercent: 1 } },
  inbound: { ports: [], tracing: { samplePercent: 1 } },
  routeTables: [
    {
      name: 'outbound',
      virtualHosts: [
        {
          name: 'a.x:80',
          domains: ['a', 'a.x'],
          routes: [
            {
              name: 'x/r/0',
              match: { path: { type: 'prefix', value: '/' }, headers: [], queryParams: [] },
              action: {
                type: 'forward',
                clusters: [{ cluster: name, weight: 1, requestHeaders: none, responseHeaders: none }],
                requestHeaders: none,
                responseHeaders: none,
                requestTimeoutMs: 15_000,
                backendRequestTimeoutMs: 0,
                streamIdleTimeoutMs: 300_000,
                retry: {
                  attempts: 2,
                  on: ['connect-failure'],
                  statusCodes: [],
                  backoffBaseMs: 25,
                  backoffMaxMs: 250,
                  budget: { percent: 20, minConcurrent: 3 },
                },
              },
            },
          ],
        },
      ],
    },
  ],
  clusters: [
    {
      name,
      service: { namespace: 'x', name: 'a' },
      port: 80,
      version: 'v1',
      protocol: 'http',
      connectTimeoutMs: 5000,
      idleTimeoutMs: 3_600_000,
      limits: { maxConnections: 1024, maxPending: 1024, maxRequests: 1024 },
      loadBalancer: { type: 'LeastRequest' },
      tls: { serverName: '80.a.x.mesh', spiffeIds: [] },
    },
  ],
  endpoints: [{ cluster: name, endpoints: [] }],
};

const resources: RawResource[] = encode(config).map(({ any, ...resource }) => ({ ...resource, value: any }));
const ofType = (typeUrl: string): RawResource => {
  const found = resources.find((resource) => resource.typeUrl === typeUrl);
  if (found === undefined) throw new Error(`no ${typeUrl}`);
  return found;
};

describe('ConfigStore', () => {
  test('serves nothing until listeners and their route table are there', () => {
    const store = new ConfigStore();
    store.apply(
      resources.filter(({ typeUrl }) => typeUrl !== ROUTE_TYPE),
      [],
    );
    expect(store.current()).toBeUndefined();
    expect(store.references()).toEqual({ routeTables: ['outbound'], endpoints: [name], secrets: [] });
    store.apply([ofType(ROUTE_TYPE)], []);
    expect(store.current()).toEqual(config);
    expect(store.hash()).toBe(configHash(resources));
  });

  test('a cluster counts only when its endpoints came or are known to be absent', () => {
    const store = new ConfigStore();
    store.apply(
      resources.filter(({ typeUrl }) => typeUrl !== ENDPOINT_TYPE),
      [],
    );
    expect(store.current()?.clusters).toEqual([]);
    store.apply([], [{ typeUrl: ENDPOINT_TYPE, name }]);
    store.apply([{ ...ofType(CLUSTER_TYPE), version: 'again' }], []);
    expect(store.current()?.clusters).toHaveLength(1);
    expect(store.current()?.endpoints).toEqual([]);
  });

  test('a port of a gateway is served when its certificates came, or are known not to be there', () => {
    const tracing = { samplePercent: 0 };
    const server = { name: 'x/edge/https', hostname: '*', certificates: ['x/web', 'x/file'] };
    const port = { port: 8443, protocol: 'HTTPS', routeTable: 'outbound', servers: [server], trustedHops: 0, tracing };
    const gateways = [port] as MeshConfig['gateways'] & object;
    const inline = (value: string) => ({ specifier: { case: 'inlineString' as const, value } });
    const secret = (key: string): RawResource => {
      const value = { certificateChain: inline('chain'), privateKey: inline(key) };
      const message = create(SecretSchema, { name: 'x/web', type: { case: 'tlsCertificate', value } });
      return { typeUrl: SECRET_TYPE, name: 'x/web', version: key, value: toBinary(SecretSchema, message) };
    };
    const store = new ConfigStore();
    store.apply(
      encode({ ...config, gateways }).map(({ any, ...resource }) => ({ ...resource, value: any })),
      [],
    );
    expect(store.references().secrets).toEqual(['x/web', 'x/file']);
    expect(store.current()?.gateways).toBeUndefined();
    store.apply([secret('one')], []);
    expect(store.current()?.gateways).toBeUndefined();
    store.apply([], [{ typeUrl: SECRET_TYPE, name: 'x/file' }]);
    expect(store.current()?.gateways).toEqual(gateways);

    const certificates = store.certificates();
    expect(certificates).toEqual([{ name: 'x/web', certificateChainPem: 'chain', privateKeyPem: 'one' }]);
    expect(store.certificates()).toBe(certificates);
    const before = store.hash();
    store.apply([secret('two')], []);
    expect(store.certificates()).toMatchObject([{ privateKeyPem: 'two' }]);
    expect(store.hash()).not.toBe(before);
    expect(JSON.stringify(store.current())).not.toContain('two');
  });

  test('keeps the identity of what did not change', () => {
    const store = new ConfigStore();
    store.apply(resources, []);
    const before = store.current();
    store.apply(resources, []);
    expect(store.current()).toBe(before);
    store.apply([{ ...ofType(ENDPOINT_TYPE), version: 'new' }], []);
    const after = store.current();
    expect(after).not.toBe(before);
    expect(after?.routeTables[0]).toBe(before?.routeTables[0]);
    expect(after?.clusters[0]).toBe(before?.clusters[0]);
    expect(after?.endpoints[0]).not.toBe(before?.endpoints[0]);
  });

  test('a changed route table keeps the virtual hosts that did not change', () => {
    const [table] = config.routeTables;
    const [host] = table?.virtualHosts ?? [];
    if (table === undefined || host === undefined) throw new Error('the fixture has no virtual host');
    const other = { ...host, name: 'b.x:80', domains: ['b'] };
    const encoded = (...virtualHosts: (typeof host)[]) => {
      const all = encode({ ...config, routeTables: [{ ...table, virtualHosts }] });
      return all.filter(({ typeUrl }) => typeUrl === ROUTE_TYPE).map(({ any, ...rest }) => ({ ...rest, value: any }));
    };
    const store = new ConfigStore();
    store.apply([...resources.filter(({ typeUrl }) => typeUrl !== ROUTE_TYPE), ...encoded(host, other)], []);
    const before = store.current()?.routeTables[0]?.virtualHosts;
    const renamed = { ...host, domains: ['c'] };
    store.apply(encoded(other, renamed), []);
    const after = store.current()?.routeTables[0]?.virtualHosts;
    expect(after).toEqual([other, renamed]);
    expect(after?.[0]).toBe(before?.[1]);
    expect(after?.[1]).not.toBe(before?.[0]);
  });

  test('a route table stays in service after its removal until the listener names another', () => {
    const store = new ConfigStore();
    store.apply(resources, []);
    store.current();
    store.apply([], [{ typeUrl: ROUTE_TYPE, name: 'outbound' }]);
    expect(store.current()?.routeTables).toEqual(config.routeTables);
  });

  test('refuses an unsupported field by its name and keeps the last good version', () => {
    const store = new ConfigStore();
    store.apply(resources, []);
    const before = store.current();
    const table = fromBinary(RouteConfigurationSchema, ofType(ROUTE_TYPE).value);
    const route = table.virtualHosts[0]?.routes[0];
    if (route?.match === undefined) throw new Error('no route');
    route.match.caseSensitive = false;
    const bad = { ...ofType(ROUTE_TYPE), version: 'bad', value: toBinary(RouteConfigurationSchema, table) };
    expect(store.apply([bad], []).nacks).toEqual([
      {
        typeUrl: ROUTE_TYPE,
        name: 'outbound',
        message:
          'RouteConfiguration outbound: virtual_hosts[0].routes[0].match.case_sensitive: not supported by this proxy',
      },
    ]);
    expect(store.current()).toBe(before);
    expect(store.hash()).toBe(configHash(resources));
  });

  test('takes the good resources of a batch in which one is refused', () => {
    const store = new ConfigStore();
    const bad = {
      typeUrl: CLUSTER_TYPE,
      name: 'b',
      version: '1',
      value: toBinary(ClusterSchema, create(ClusterSchema, { name: 'b' })),
    };
    const { nacks } = store.apply([bad, ...resources], []);
    expect(nacks.map(({ message }) => message)).toEqual(['Cluster b: type: only EDS is supported by this proxy']);
    expect(store.current()).toEqual(config);
  });

  test('refuses garbage, a wrong name and an unknown type', () => {
    const store = new ConfigStore();
    const { nacks } = store.apply(
      [
        { typeUrl: LISTENER_TYPE, name: 'outbound', version: '1', value: Uint8Array.of(255, 255, 255) },
        { ...ofType(CLUSTER_TYPE), name: 'other' },
        { typeUrl: 'type.googleapis.com/x.Y', name: 'z', version: '1', value: new Uint8Array() },
      ],
      [],
    );
    expect(nacks.map(({ message }) => message)).toEqual([
      expect.stringContaining('Listener outbound: not a envoy.config.listener.v3.Listener'),
      `Cluster other: the resource inside is named ${name}`,
      'Y z: this type is not supported by this proxy',
    ]);
  });
});
