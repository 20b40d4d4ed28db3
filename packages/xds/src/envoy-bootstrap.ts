// Bootstrap of a stock Envoy as a proxy of the mesh: configuration by delta ADS, secrets from files that it watches.
import { IDENTITY_SECRET, SECRET_FILES_METADATA, TRUST_SECRET } from './extension-names.ts';

export interface EnvoyBootstrapOptions {
  /** `<namespace>/<workload>` */
  readonly workload: string;
  /** Differs between two processes of one workload. */
  readonly instanceId: string;
  /** `<namespace>/<service>`, for Envoy's own statistics. */
  readonly service: string;
  readonly xds: { readonly host: string; readonly port: number };
  /** Absolute; has cert.pem, key.pem and trust.pem, each replaced by renaming, and takes the files of `secrets`. */
  readonly identityDirectory: string;
  /**
   * Absolute; for an edge proxy: the certificates of gateways, `<namespace>/<name>/tls.crt` and `tls.key`, each pair replaced
   * by renaming.
   */
  readonly certificatesDirectory?: string;
  readonly trustDomain: string;
  /** Open connections of all listeners together; further ones are closed. */
  readonly connectionsMax?: number;
  readonly admin: { readonly address: string; readonly port: number };
  /** No TLS to the control plane and no secrets: only for its plaintext port, on the same host. */
  readonly plaintext?: boolean;
}

export interface EnvoyBootstrap {
  /** For `envoy -c`, as JSON. */
  readonly bootstrap: object;
  /** Files to be written into the identity directory: name -> JSON. */
  readonly secrets: Readonly<Record<string, object>>;
}

const IDENTITY_FILE = 'identity.sds.json';
const TRUST_FILE = 'trust.sds.json';
const XDS_CLUSTER = 'malha_xds';
const EXTENSIONS = 'type.googleapis.com/envoy.extensions';
const SECRET_TYPE = `${EXTENSIONS}.transport_sockets.tls.v3.Secret`;

export function envoyBootstrap(options: EnvoyBootstrapOptions): EnvoyBootstrap {
  const { workload, instanceId, service, admin, plaintext = false } = options;
  const ads = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '15s' };
  const bootstrap = {
    node: {
      id: `${workload}~${instanceId}`,
      cluster: service,
      ...(!plaintext && { metadata: { [SECRET_FILES_METADATA]: secretFilesOf(options) } }),
    },
    admin: { address: socketAddress(admin.address, admin.port) },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER } }],
      },
      cds_config: ads,
      lds_config: ads,
    },
    static_resources: { clusters: [xdsCluster(options)] },
    ...overloadManager(options),
  };
  return { bootstrap, secrets: plaintext ? {} : secretsOf(options.identityDirectory) };
}

/** Envoy counts connections for the whole process, not for each listener. */
function overloadManager({ connectionsMax }: EnvoyBootstrapOptions) {
  if (connectionsMax === undefined) return {};
  const type = `${EXTENSIONS}.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig`;
  const name = 'envoy.resource_monitors.global_downstream_max_connections';
  const typed_config = { '@type': type, max_active_downstream_connections: connectionsMax };
  return { overload_manager: { resource_monitors: [{ name, typed_config }] } };
}

/** The files of its secrets as an Envoy that starts with this bootstrap tells them to the control plane. */
export function secretFilesOf({
  identityDirectory,
  certificatesDirectory,
}: Pick<EnvoyBootstrapOptions, 'identityDirectory' | 'certificatesDirectory'>) {
  return {
    identity: `${identityDirectory}/${IDENTITY_FILE}`,
    trust: `${identityDirectory}/${TRUST_FILE}`,
    ...(certificatesDirectory !== undefined && { certificates: certificatesDirectory }),
  };
}

/** The files are read again when something is renamed into the directory. */
function secretsOf(directory: string): Record<string, object> {
  const watched_directory = { path: directory };
  const resource = (secret: object) => ({ resources: [{ '@type': SECRET_TYPE, ...secret }] });
  return {
    [IDENTITY_FILE]: resource({
      name: IDENTITY_SECRET,
      tls_certificate: {
        certificate_chain: { filename: `${directory}/cert.pem` },
        private_key: { filename: `${directory}/key.pem` },
        watched_directory,
      },
    }),
    [TRUST_FILE]: resource({
      name: TRUST_SECRET,
      validation_context: { trusted_ca: { filename: `${directory}/trust.pem` }, watched_directory },
    }),
  };
}

function xdsCluster(options: EnvoyBootstrapOptions): object {
  const { xds, plaintext = false } = options;
  return {
    name: XDS_CLUSTER,
    type: isAddress(xds.host) ? 'STATIC' : 'STRICT_DNS',
    connect_timeout: '5s',
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(xds.host, xds.port) } }] }],
    },
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': `${EXTENSIONS}.upstreams.http.v3.HttpProtocolOptions`,
        explicit_http_config: {
          // A dead control plane is noticed, and the stream opened anew.
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
        },
      },
    },
    ...(!plaintext && { transport_socket: xdsTls(options) }),
  };
}

/** Whoever answers has to be the control plane of this trust domain. */
function xdsTls(options: EnvoyBootstrapOptions): object {
  const files = secretFilesOf(options);
  const fromFile = (name: string, path: string) => ({
    name,
    sds_config: { path_config_source: { path }, resource_api_version: 'V3' },
  });
  const controlPlane = `spiffe://${options.trustDomain}/ns/malha-system/sa/control-plane`;
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${EXTENSIONS}.transport_sockets.tls.v3.UpstreamTlsContext`,
      common_tls_context: {
        alpn_protocols: ['h2'],
        tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
        tls_certificate_sds_secret_configs: [fromFile(IDENTITY_SECRET, files.identity)],
        combined_validation_context: {
          default_validation_context: {
            match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: controlPlane } }],
          },
          validation_context_sds_secret_config: fromFile(TRUST_SECRET, files.trust),
        },
      },
    },
  };
}

function socketAddress(address: string, port: number): object {
  return { socket_address: { address, port_value: port } };
}

function isAddress(host: string): boolean {
  return /^[0-9.]+$/.test(host) || host.includes(':');
}
