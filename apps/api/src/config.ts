// The only reader of process.env: every setting of the control plane, its meaning, unit and default.
import path from 'node:path';
import { type Env, EnvReader } from './config/env-reader.ts';

export interface Config {
  /** Postgres, `postgresql://user:password@host:port/database`. DATABASE_URL, required. */
  readonly databaseUrl: string;
  /** Folder (mode 0700) of the admin socket and the seal key. MALHA_STATE_DIR, default `.malha` here. */
  readonly stateDir: string;
  /** Folder of Prisma migrations. MALHA_MIGRATIONS_DIR, default that of this checkout. */
  readonly migrationsDir: string;
  /** What the console calls this mesh. MALHA_MESH_NAME, default `malha`. */
  readonly meshName: string;
  /** First part of every SPIFFE ID. MALHA_TRUST_DOMAIN, default `mesh.local`. */
  readonly trustDomain: string;
  readonly listen: ListenConfig;
  readonly auth: AuthConfig;
  /** Key (32 bytes, base64) that seals private keys at rest; replicas share it. MALHA_SEAL_KEY, default `seal.key` in the state folder. */
  readonly sealKey: string | undefined;
  /** Loopback addresses given to workloads of this host. MALHA_WORKLOAD_CIDR, default 127.64.0.0/16. */
  readonly workloadCidr: string;
  /** Virtual IPs of Services. MALHA_SERVICE_CIDR, default 127.96.0.0/16. */
  readonly serviceCidr: string;
  /** MALHA_LOG_LEVEL: trace, debug, info, warn, error or silent. Default info. */
  readonly logLevel: LogLevel;
  /** How long a stop waits for calls in flight, in milliseconds. MALHA_DRAIN_MS, default 3,000. */
  readonly drainMs: number;
}

/** Ports; 0 = any free one. */
export interface ListenConfig {
  /** Interface of the api. MALHA_API_HOST, default 127.0.0.1. */
  readonly apiHost: string;
  /** tRPC, REST, health. MALHA_API_PORT, default 4401. */
  readonly apiPort: number;
  /** Interface of the ports that agents use. MALHA_XDS_HOST, default 127.0.0.1. */
  readonly xdsHost: string;
  /** xDS, agent sessions, renewal, OTLP of proxies (mTLS). MALHA_XDS_PORT, default 15012. */
  readonly xdsPort: number;
  /** Joining (TLS, token). MALHA_JOIN_PORT, default 15013. */
  readonly joinPort: number;
  /** xDS in plaintext, loopback only. MALHA_XDS_PLAINTEXT_PORT, default 15010. */
  readonly xdsPlaintextPort: number;
  /** Interface of the control plane's own metrics. MALHA_METRICS_HOST, default 127.0.0.1. */
  readonly metricsHost: string;
  /** Prometheus text. MALHA_METRICS_PORT, default 15014. */
  readonly metricsPort: number;
  /** OTLP traces of applications, gRPC, loopback only. MALHA_OTLP_GRPC_PORT, default 4317. */
  readonly otlpGrpcPort: number;
  /** OTLP traces of applications, HTTP, loopback only. MALHA_OTLP_HTTP_PORT, default 4318. */
  readonly otlpHttpPort: number;
  /** DNS names and IP addresses by which agents of other hosts reach this process. MALHA_PUBLIC_NAMES, comma-separated. */
  readonly publicNames: readonly string[];
}

export interface AuthConfig {
  /** Key of the console's session cookie. NEXTAUTH_SECRET, required, at least 16 characters. */
  readonly sessionSecret: string;
  /** Shared with the console for password checks. MALHA_INTERNAL_SECRET, required, at least 16 characters. */
  readonly internalSecret: string;
  /** Origins that may open a WebSocket. MALHA_CONSOLE_URL, comma-separated, default http://localhost:4400. */
  readonly consoleOrigins: readonly string[];
  /** Sign-in name of the first administrator. MALHA_ADMIN_EMAIL, default admin@malha.local. */
  readonly firstAdminEmail: string;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longest path of a unix socket: `sun_path` of Linux, less its final NUL. */
const SOCKET_PATH_MAX_BYTES = 107;
const SECRET_LENGTH_MIN = 16;

/** Of this process. Throws ConfigInvalid. */
export function readProcessConfig(): Config {
  return readConfig(process.env, process.cwd());
}

/** Throws ConfigInvalid with every wrong setting at once. */
export function readConfig(env: Env, cwd: string): Config {
  const reader = new EnvReader(env);
  const stateDir = path.resolve(cwd, reader.text('MALHA_STATE_DIR', '.malha'));
  if (Buffer.byteLength(adminSocketOf(stateDir)) > SOCKET_PATH_MAX_BYTES) {
    reader.fail('MALHA_STATE_DIR', `is too long for the admin socket (${SOCKET_PATH_MAX_BYTES} bytes with /api.sock)`);
  }
  const config: Config = {
    databaseUrl: reader.url('DATABASE_URL', ['postgresql:', 'postgres:']),
    stateDir,
    migrationsDir: path.resolve(cwd, reader.text('MALHA_MIGRATIONS_DIR', defaultMigrationsDir())),
    meshName: reader.text('MALHA_MESH_NAME', 'malha'),
    trustDomain: reader.matching('MALHA_TRUST_DOMAIN', /^[a-z0-9._-]{1,255}$/, 'a trust domain', 'mesh.local'),
    listen: readListen(reader),
    auth: readAuth(reader),
    sealKey: reader.optionalText('MALHA_SEAL_KEY'),
    workloadCidr: reader.loopbackCidr('MALHA_WORKLOAD_CIDR', '127.64.0.0/16'),
    serviceCidr: reader.loopbackCidr('MALHA_SERVICE_CIDR', '127.96.0.0/16'),
    logLevel: reader.choice('MALHA_LOG_LEVEL', LOG_LEVELS, 'info'),
    drainMs: reader.integer('MALHA_DRAIN_MS', { fallback: 3_000, min: 0, max: 60_000 }),
  };
  reader.throwIfFailed();
  return config;
}

/** The local admin socket (mode 0600). */
export function adminSocketOf(stateDir: string): string {
  return path.join(stateDir, 'api.sock');
}

function readListen(reader: EnvReader): ListenConfig {
  return {
    apiHost: reader.text('MALHA_API_HOST', '127.0.0.1'),
    apiPort: reader.port('MALHA_API_PORT', 4401),
    xdsHost: reader.text('MALHA_XDS_HOST', '127.0.0.1'),
    xdsPort: reader.port('MALHA_XDS_PORT', 15_012),
    joinPort: reader.port('MALHA_JOIN_PORT', 15_013),
    xdsPlaintextPort: reader.port('MALHA_XDS_PLAINTEXT_PORT', 15_010),
    metricsHost: reader.text('MALHA_METRICS_HOST', '127.0.0.1'),
    metricsPort: reader.port('MALHA_METRICS_PORT', 15_014),
    otlpGrpcPort: reader.port('MALHA_OTLP_GRPC_PORT', 4_317),
    otlpHttpPort: reader.port('MALHA_OTLP_HTTP_PORT', 4_318),
    publicNames: reader.list('MALHA_PUBLIC_NAMES'),
  };
}

function readAuth(reader: EnvReader): AuthConfig {
  return {
    sessionSecret: reader.secret('NEXTAUTH_SECRET', SECRET_LENGTH_MIN),
    internalSecret: reader.secret('MALHA_INTERNAL_SECRET', SECRET_LENGTH_MIN),
    consoleOrigins: reader.origins('MALHA_CONSOLE_URL', 'http://localhost:4400'),
    firstAdminEmail: reader.text('MALHA_ADMIN_EMAIL', 'admin@malha.local').toLowerCase(),
  };
}

/** Both src/ and the bundle in dist/ lie three folders below the root. */
function defaultMigrationsDir(): string {
  return path.resolve(import.meta.dirname, '../../../prisma/migrations');
}
