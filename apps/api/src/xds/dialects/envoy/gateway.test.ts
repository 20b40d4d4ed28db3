// What an Envoy at the edge is sent: certificates as names of files, and nothing that it could not serve.
import { fromBinary } from '@bufbuild/protobuf';
import type { MeshConfig, VirtualHost } from '@malha/traffic';
import { LISTENER_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { RouteConfigurationSchema } from '@malha/xds/generated/envoy/config/route/v3/route_pb';
import { SecretSchema } from '@malha/xds/generated/envoy/extensions/transport_sockets/tls/v3/secret_pb';
import { describe, expect, it } from 'vitest';
import { type DialectContext, encodePlan } from '../dialect.ts';
import { envoyDialect } from './index.ts';

const tracing = { samplePercent: 0 };
const host = (server: string, domain: string): VirtualHost => ({
  name: `shop/edge/${server}/${domain}`,
  domains: [domain],
  routes: [],
});
const server = (name: string, hostname: string) => ({
  name: `shop/edge/${name}`,
  hostname,
  certificates: [`shop/${name}`],
});

const CONFIG: MeshConfig = {
  outbound: { routeTable: 'outbound', tracing },
  inbound: { ports: [], tracing },
  gateways: [
    {
      port: 8443,
      protocol: 'HTTPS',
      routeTable: 'gateway|8443',
      trustedHops: 0,
      tracing,
      servers: [server('www', 'www.example.com'), server('wild', '*.example.com')],
    },
    {
      port: 9443,
      protocol: 'TLS',
      routes: [
        { name: 'shop/mail/0', listener: 'shop/edge/mail', serverNames: ['mail.example.com'], clusters: [] },
        { name: '', listener: 'shop/edge/www', serverNames: ['*'], clusters: [], certificates: ['shop/www'] },
      ],
    },
  ],
  routeTables: [
    { name: 'outbound', virtualHosts: [] },
    {
      name: 'gateway|8443',
      ignoresPort: true,
      virtualHosts: [host('www', 'www.example.com'), host('wild', '*.example.com')],
    },
  ],
  clusters: [],
  endpoints: [],
};

const STORED = { chainPem: 'the chain', privateKeyPem: 'the key' };

/** `stored`: names of certificates that the control plane has. */
function planned(certificates?: string, stored: readonly string[] = []) {
  const secretFiles = { identity: '/id', trust: '/trust', ...(certificates !== undefined && { certificates }) };
  const context: DialectContext = {
    address: '127.0.0.1',
    inboundPort: 15_006,
    outboundPort: 15_001,
    trustDomain: 'mesh.local',
    secretFiles,
    certificateOf: (name) => (stored.includes(name) ? STORED : undefined),
  };
  const resources = envoyDialect.plan(CONFIG, context).map(encodePlan);
  return (typeUrl: string) => resources.filter((each) => each.typeUrl === typeUrl);
}

describe('Envoy at the edge', () => {
  it('on a host without certificates gets no listener that shows one, and no secret', () => {
    const of = planned();
    expect(of(SECRET_TYPE)).toEqual([]);
    expect(of(LISTENER_TYPE).map(({ name }) => name)).toEqual(['outbound']);
  });

  it('gets each certificate once, as the files of its host', () => {
    const secrets = planned('/certificates')(SECRET_TYPE);
    expect(secrets.map(({ name }) => name)).toEqual(['shop/www', 'shop/wild']);
    const { type } = fromBinary(SecretSchema, secrets[0]?.any ?? new Uint8Array());
    expect(type).toMatchObject({
      case: 'tlsCertificate',
      value: {
        certificateChain: { specifier: { case: 'filename', value: '/certificates/shop/www/tls.crt' } },
        privateKey: { specifier: { case: 'filename', value: '/certificates/shop/www/tls.key' } },
        watchedDirectory: { path: '/certificates/shop/www' },
      },
    });
  });

  it('is sent what is stored, also without a folder, and what is not by the name of its file', () => {
    const contentOf = (secrets: ReturnType<ReturnType<typeof planned>>) =>
      secrets.map(({ name, any }) => {
        const { type } = fromBinary(SecretSchema, any);
        const key = type.case === 'tlsCertificate' ? type.value.privateKey?.specifier : undefined;
        return [name, key?.value];
      });
    const all = planned(undefined, ['shop/www', 'shop/wild']);
    expect(contentOf(all(SECRET_TYPE))).toEqual([
      ['shop/www', 'the key'],
      ['shop/wild', 'the key'],
    ]);
    expect(all(LISTENER_TYPE).map(({ name }) => name)).toEqual(['outbound', 'gateway|8443', 'gateway|9443']);
    expect(contentOf(planned('/certificates', ['shop/wild', 'shop/other'])(SECRET_TYPE))).toEqual([
      ['shop/wild', 'the key'],
      ['shop/www', '/certificates/shop/www/tls.key'],
    ]);
  });

  it('without a folder gets only the listeners of which every certificate is stored', () => {
    const of = planned(undefined, ['shop/www']);
    expect(of(LISTENER_TYPE).map(({ name }) => name)).toEqual(['outbound', 'gateway|9443']);
  });

  it('answers hosts of other listeners with 421, in a table for each server', () => {
    const tables = planned('/certificates')(ROUTE_TYPE).filter(({ name }) => name.startsWith('gateway'));
    expect(tables.map(({ name }) => name)).toEqual(['gateway|8443|shop/edge/www', 'gateway|8443|shop/edge/wild']);
    const { virtualHosts } = fromBinary(RouteConfigurationSchema, tables[0]?.any ?? new Uint8Array());
    const statuses = virtualHosts.map(({ domains, routes }) => [
      domains.join(),
      ...routes.map(({ action }) => (action.case === 'directResponse' ? action.value.status : action.case)),
    ]);
    expect(statuses).toEqual([['www.example.com'], ['*.example.com', 421]]);
  });

  it('tells names of a TLS port apart, and opens only what ends there', () => {
    const listener = planned('/certificates')(LISTENER_TYPE).find(({ name }) => name === 'gateway|9443');
    const { filterChains, listenerFilters } = fromBinary(ListenerSchema, listener?.any ?? new Uint8Array());
    expect(listenerFilters.map(({ name }) => name)).toEqual(['envoy.filters.listener.tls_inspector']);
    expect(
      filterChains.map(({ filterChainMatch, transportSocket }) => [
        filterChainMatch?.serverNames.join(),
        transportSocket !== undefined,
      ]),
    ).toEqual([
      ['mail.example.com', false],
      ['', true],
    ]);
  });
});
