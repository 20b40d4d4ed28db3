// Envoy with one worker. Its pair speaks HTTP/2 between, with RBAC, access log and certificate forwarding on.
import fs from 'node:fs';
import path from 'node:path';
import { findEnvoy } from '../../../scripts/setup/envoy.ts';
import { PROXY_CORE, run } from '../processes.ts';
import type { Contestant, Environment, IdentityFiles } from './contestant.ts';

type Json = Readonly<Record<string, unknown>>;

const HTTP = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const TCP = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
const NETWORK_RBAC = 'type.googleapis.com/envoy.extensions.filters.network.rbac.v3.RBAC';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const RBAC = 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC';
const FILE_LOG = 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog';
const UPSTREAM_HTTP = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const UPSTREAM_TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
const DOWNSTREAM_TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';

export const envoy: Contestant = {
  name: 'Envoy',
  scenarios: ['single', 'mtls-pair', 'grpc', 'tcp-pair'],
  missing: () => (findEnvoy() === undefined ? 'envoy is not installed (npm run envoy)' : undefined),
  start: async (scenario, environment) => {
    const port = await environment.freePort();
    const app = cluster(environment.upstreamPort, {});
    if (scenario === 'single') {
      const configuration = bootstrap(listener(port, { filters: [] }), app);
      const proxies = [await start('envoy', configuration, environment, port, 1)];
      return { proxies, port, headers: {}, configuration, features: ['keep-alive upstream'] };
    }
    if (scenario === 'grpc') {
      const configuration = bootstrap(listener(port, { filters: [] }), cluster(environment.grpcPort, { http2: true }));
      const proxies = [await start('envoy-grpc', configuration, environment, port, 4)];
      return { proxies, port, headers: {}, configuration, features: ['HTTP/2 on both sides'] };
    }
    const inner = await environment.freePort();
    const { client, server } = environment.identities;
    if (scenario === 'tcp-pair') {
      const tls = { client: upstreamTls(client, server, []), server: downstreamTls(server, []) };
      const outbound = bootstrap(tcpListener(port, [], undefined), cluster(inner, { tls: tls.client }));
      const inbound = bootstrap(tcpListener(inner, [networkRbac(client.spiffeId)], tls.server), app);
      const proxies = [
        await start('envoy-tcp-in', inbound, environment, inner, 5),
        await start('envoy-tcp-out', outbound, environment, port, 6),
      ];
      const features = ['bytes', 'mutual TLS 1.3', 'RBAC'];
      return { proxies, port, headers: {}, configuration: `${outbound}\n${inbound}`, features };
    }
    const outbound = bootstrap(
      listener(port, { filters: [], accessLog: true }),
      cluster(inner, { http2: true, tls: upstreamTls(client, server) }),
    );
    const inbound = bootstrap(
      listener(inner, {
        filters: [rbac(client.spiffeId)],
        accessLog: true,
        forwardCertificate: true,
        tls: downstreamTls(server),
      }),
      app,
    );
    const proxies = [
      await start('envoy-in', inbound, environment, inner, 2),
      await start('envoy-out', outbound, environment, port, 3),
    ];
    const features = ['HTTP/2 between', 'mutual TLS 1.3', 'RBAC', 'access log', 'certificate forwarding'];
    return { proxies, port, headers: {}, configuration: `${outbound}\n${inbound}`, features };
  },
};

interface ListenerOptions {
  readonly filters: readonly Json[];
  readonly accessLog?: boolean;
  readonly forwardCertificate?: boolean;
  readonly tls?: Json;
}

function listener(port: number, options: ListenerOptions): Json {
  const log = { name: 'log', typed_config: { '@type': FILE_LOG, path: '/dev/null' } };
  return {
    name: 'in',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'http',
            typed_config: {
              '@type': HTTP,
              stat_prefix: 'in',
              ...(options.accessLog === true ? { access_log: [log] } : {}),
              ...(options.forwardCertificate === true
                ? { forward_client_cert_details: 'SANITIZE_SET', set_current_client_cert_details: { uri: true } }
                : {}),
              http_filters: [...options.filters, { name: 'router', typed_config: { '@type': ROUTER } }],
              route_config: {
                virtual_hosts: [
                  { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'app' } }] },
                ],
              },
            },
          },
        ],
        ...(options.tls === undefined ? {} : { transport_socket: { name: 'tls', typed_config: options.tls } }),
      },
    ],
  };
}

function tcpListener(port: number, filters: readonly Json[], tls: Json | undefined): Json {
  const proxy = { name: 'tcp', typed_config: { '@type': TCP, stat_prefix: 'in', cluster: 'app' } };
  const transport = tls === undefined ? {} : { transport_socket: { name: 'tls', typed_config: tls } };
  return {
    name: 'in',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ filters: [...filters, proxy], ...transport }],
  };
}

function cluster(port: number, options: { readonly http2?: boolean; readonly tls?: Json }): Json {
  const http2 = { '@type': UPSTREAM_HTTP, explicit_http_config: { http2_protocol_options: {} } };
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name: 'app',
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: { cluster_name: 'app', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...(options.http2 === true
      ? { typed_extension_protocol_options: { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': http2 } }
      : {}),
    ...(options.tls === undefined ? {} : { transport_socket: { name: 'tls', typed_config: options.tls } }),
  };
}

function certificates(identity: IdentityFiles, peer: string | undefined): Json {
  const matcher = { san_type: 'URI', matcher: { exact: peer } };
  return {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [
      { certificate_chain: { filename: identity.certificate }, private_key: { filename: identity.key } },
    ],
    validation_context: {
      trusted_ca: { filename: identity.trust },
      ...(peer === undefined ? {} : { match_typed_subject_alt_names: [matcher] }),
    },
  };
}

function upstreamTls(client: IdentityFiles, server: IdentityFiles, alpn: readonly string[] = ['h2']): Json {
  const common = { ...certificates(client, server.spiffeId), alpn_protocols: alpn };
  return { '@type': UPSTREAM_TLS, sni: 'app.mesh', common_tls_context: common };
}

function downstreamTls(server: IdentityFiles, alpn: readonly string[] = ['h2']): Json {
  const common = { ...certificates(server, undefined), alpn_protocols: alpn };
  return { '@type': DOWNSTREAM_TLS, require_client_certificate: true, common_tls_context: common };
}

function rbac(principal: string): Json {
  return { name: 'rbac', typed_config: { '@type': RBAC, rules: allowing(principal) } };
}

function networkRbac(principal: string): Json {
  return { name: 'rbac', typed_config: { '@type': NETWORK_RBAC, stat_prefix: 'in', rules: allowing(principal) } };
}

function allowing(principal: string): Json {
  const policy = {
    permissions: [{ any: true }],
    principals: [{ authenticated: { principal_name: { exact: principal } } }],
  };
  return { action: 'ALLOW', policies: { caller: policy } };
}

function bootstrap(listenerConfig: Json, clusterConfig: Json): string {
  return JSON.stringify({ static_resources: { listeners: [listenerConfig], clusters: [clusterConfig] } }, null, 1);
}

function start(name: string, configuration: string, environment: Environment, port: number, baseId: number) {
  const file = path.join(environment.directory, `${name}.json`);
  fs.writeFileSync(file, configuration);
  const args = ['-c', file, '--concurrency', '1', '--base-id', String(baseId + 700), '--log-level', 'error'];
  return run({ name, command: findEnvoy() ?? 'envoy', args, core: PROXY_CORE, port });
}
