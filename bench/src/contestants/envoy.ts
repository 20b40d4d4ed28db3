// Envoy with one worker. Alone with retries, a timeout and an access log; its pair speaks HTTP/2 between, with RBAC, access log and
// certificate forwarding on.
import fs from 'node:fs';
import path from 'node:path';
import { findEnvoy } from '../../../scripts/setup/envoy.ts';
import { PROXY_CORE, run } from '../processes.ts';
import type { Contestant, Environment, IdentityFiles, Started } from './contestant.ts';

type Json = Readonly<Record<string, unknown>>;

/** Whom the requests of the benchmark are for. */
const HOST = 'app.bench';
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
    if (scenario === 'single' || scenario === 'grpc') return startSingle(scenario, environment);
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

const ARMED = ['routing by host', 'retries with budget', 'request timeout', 'access log'];

/** One proxy with what ours has on too. */
async function startSingle(scenario: 'single' | 'grpc', environment: Environment): Promise<Started> {
  const port = await environment.freePort();
  const [upstream, http2, baseId] =
    scenario === 'grpc' ? [environment.grpcPort, true, 4] : [environment.upstreamPort, false, 1];
  const app = cluster(upstream, { http2, armed: true });
  const configuration = bootstrap(listener(port, { filters: [], accessLog: true, armed: true }), app);
  const proxies = [await start(`envoy-${scenario}`, configuration, environment, port, baseId)];
  const features = [...ARMED, http2 ? 'HTTP/2 on both sides' : 'keep-alive upstream'];
  return { proxies, port, headers: { Host: HOST }, configuration, features };
}

interface ListenerOptions {
  readonly filters: readonly Json[];
  /** With the route's timeout and retries, for one host. */
  readonly armed?: boolean;
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
              route_config: { virtual_hosts: [virtualHost(options.armed === true)] },
            },
          },
        ],
        ...(options.tls === undefined ? {} : { transport_socket: { name: 'tls', typed_config: options.tls } }),
      },
    ],
  };
}

function virtualHost(isArmed: boolean): Json {
  const retries = { retry_on: 'connect-failure,refused-stream,reset', num_retries: 2 };
  const route = { cluster: 'app', ...(isArmed ? { timeout: '15s', retry_policy: retries } : {}) };
  return { name: 'app', domains: [isArmed ? HOST : '*'], routes: [{ match: { prefix: '/' }, route }] };
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

interface ClusterOptions {
  readonly http2?: boolean;
  readonly armed?: boolean | undefined;
  readonly tls?: Json;
}

function cluster(port: number, options: ClusterOptions): Json {
  const budget = { thresholds: [{ retry_budget: { budget_percent: { value: 20 }, min_retry_concurrency: 3 } }] };
  const http2 = { '@type': UPSTREAM_HTTP, explicit_http_config: { http2_protocol_options: {} } };
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name: 'app',
    type: 'STATIC',
    connect_timeout: '5s',
    load_assignment: { cluster_name: 'app', endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
    ...(options.armed === true ? { circuit_breakers: budget } : {}),
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
