// The only reader of the command line and of process.env: every field with its meaning, unit and default.
import path from 'node:path';
import {
  duration,
  type HostPort,
  hostPort,
  keyValue,
  listenPort,
  matching,
  type QualifiedName,
  qualifiedName,
  repeated,
  required,
  text,
  wholeNumber,
  withDefault,
} from '@malha/cli/option-types';
import { describeOptions, OptionProblem, parseOptions, UsageError } from '@malha/cli/options';
import { GATEWAY_NAME_LABEL } from '@malha/model/names';
import { type LimitOptions, limitOptions, limitsOf } from './limit-options.ts';
import type { ProxyLimits } from './proxy-limits.ts';

export const DEFAULT_PORTS = {
  outbound: 15_001,
  inbound: 15_006,
  admin: 15_000,
  metrics: 15_020,
  health: 15_021,
} as const;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What both modes have in common. */
export interface RuntimeConfig {
  /** How long in-flight requests may take to end after SIGTERM, milliseconds. */
  readonly drainMs: number;
  /** 0 = the data plane runs in the agent's own thread, 1 = in a thread of its own. */
  readonly workerThreads: number;
  readonly logLevel: LogLevel;
  readonly limits: ProxyLimits;
  /** Folder with the certificates of gateways, `NAMESPACE/NAME/tls.crt` and `tls.key`; undefined = there are none. */
  readonly certificatesDir: string | undefined;
  /** Country database of gateways in MaxMind's format; undefined = no rule for countries matches. */
  readonly geoipDatabase: string | undefined;
  /** Address that listeners of gateways take; undefined = that of the other listeners. */
  readonly gatewayAddress: string | undefined;
}

/** Ports that are undefined are not opened; 0 = any free one. */
export interface ListenConfig {
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly adminPort: number | undefined;
  readonly metricsPort: number | undefined;
  readonly healthPort: number | undefined;
}

export interface StandaloneConfig extends RuntimeConfig {
  readonly mode: 'proxy';
  /** Folder of YAML or JSON files. */
  readonly resources: string;
  readonly workload: QualifiedName;
  /** Folder with cert.pem, key.pem and trust.pem; undefined = no mTLS at all. */
  readonly identityDir: string | undefined;
  readonly bindAddress: string;
  readonly listen: ListenConfig;
}

export interface JoinConfig extends RuntimeConfig {
  readonly mode: 'join';
  /** `envoy`: a stock Envoy carries the traffic; the agent gives it its files and speaks for it. */
  readonly model: 'sidecar' | 'envoy';
  /** Join port of the control plane; needed as long as there is no valid state on disk. */
  readonly controlPlane: HostPort | undefined;
  readonly caPin: string | undefined;
  readonly token: string | undefined;
  /** File with a join token, read anew for each try: a workload that has to join again needs no restart. */
  readonly tokenFile: string | undefined;
  readonly service: QualifiedName;
  readonly version: string;
  /** Ports of the service in the mesh, each with the application's own address. */
  readonly ports: readonly AppPort[];
  readonly workloadName: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Folder of this agent's state; undefined = `agents/<namespace>.<workload>` in `stateRoot`. */
  readonly stateDir: string | undefined;
  readonly stateRoot: string;
  /** What the control plane gave at joining is overridden by these. */
  readonly listen: Partial<ListenConfig>;
  /** Empty = no application is started. */
  readonly command: readonly string[];
  /** Environment of the command: this process's, without the token. */
  readonly environment: Environment;
}

/** `appAddress` undefined = a free port on 127.0.0.1 is chosen for the command that is started. */
export interface AppPort {
  readonly port: number;
  readonly appAddress: HostPort | undefined;
}

export type DataplaneConfig = StandaloneConfig | JoinConfig;

export interface Environment {
  readonly [name: string]: string | undefined;
  readonly MALHA_STATE_DIR?: string | undefined;
  readonly MALHA_JOIN_TOKEN?: string | undefined;
  readonly MALHA_LOG_LEVEL?: string | undefined;
}

const LOG_LEVELS = /^(debug|info|warn|error|silent)$/;

const runtimeOptions = (env: Environment) => ({
  'drain-time': withDefault(duration('time for requests in flight to end after SIGTERM'), 10_000),
  'worker-threads': withDefault(
    wholeNumber(
      { placeholder: 'N', help: '1 = traffic in a thread of its own, 0 = in the main one' },
      { min: 0, max: 1 },
    ),
    0,
  ),
  'certificates-dir': text('DIR', 'certificates of gateways, NAMESPACE/NAME/tls.crt and tls.key; followed'),
  'geoip-database': text('FILE', 'country database (.mmdb) for rules of gateways by country; followed'),
  'gateway-address': text('ADDRESS', 'address of the listeners of gateways (default: that of the others)'),
  ...limitOptions(),
  'log-level': withDefault(
    matching('LEVEL', 'debug, info, warn, error or silent', LOG_LEVELS, 'debug, info, warn, error or silent'),
    env.MALHA_LOG_LEVEL ?? 'info',
  ),
});

const standaloneOptions = (env: Environment) => ({
  resources: required(text('DIR', 'folder with YAML files of Services, Workloads, routes and policies')),
  workload: required(qualifiedName('NAMESPACE/NAME', 'the Workload that this proxy stands beside')),
  'identity-dir': text('DIR', 'folder with cert.pem, key.pem, trust.pem; without it there is no mTLS'),
  bind: withDefault(text('ADDRESS', 'address of the outbound, inbound and other listeners'), '127.0.0.1'),
  'outbound-port': withDefault(listenPort('calls of the application'), DEFAULT_PORTS.outbound),
  'inbound-port': withDefault(listenPort('calls to the application'), DEFAULT_PORTS.inbound),
  'admin-port': withDefault(listenPort('/ready /stats /config_dump /clusters /certs /drain'), DEFAULT_PORTS.admin),
  'metrics-port': listenPort(`Prometheus text on a port of its own, usually ${DEFAULT_PORTS.metrics}`),
  'health-port': listenPort(`/healthz/ready on a port of its own, usually ${DEFAULT_PORTS.health}`),
  ...runtimeOptions(env),
});

const joinOptions = (env: Environment) => ({
  'control-plane': hostPort('join port of the control plane, usually HOST:15013'),
  'ca-pin': matching(
    'PIN',
    "the root certificate's pin",
    /^sha256:[0-9a-fA-F]{64}$/,
    'sha256: and 64 hexadecimal digits',
  ),
  token: text('TOKEN', 'join token; MALHA_JOIN_TOKEN keeps it out of the process list'),
  'token-file': text('FILE', 'file with a join token, read anew when the workload has to join again'),
  service: required(qualifiedName('NAMESPACE/NAME', 'the Service that this is an instance of')),
  version: required(
    matching(
      'VERSION',
      'its version',
      /^[a-z0-9]([a-z0-9.]{0,61}[a-z0-9])?$/,
      'a version in lower-case letters, digits and dots',
    ),
  ),
  port: required(portList('port of the service; the command gets a port of its own in PORT')),
  'app-address': repeated(hostPort('where the application already listens, one for each --port')),
  workload: matching(
    'NAME',
    'name of this instance',
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'a name in lower-case letters, digits and "-"',
  ),
  label: repeated(keyValue('label of this instance')),
  'state-dir': text('DIR', 'certificate, key and last good configuration (default .malha/agents/NAMESPACE.WORKLOAD)'),
  'outbound-port': listenPort('overrides what the control plane gives'),
  'inbound-port': listenPort('overrides what the control plane gives'),
  'admin-port': listenPort('overrides what the control plane gives'),
  'metrics-port': listenPort(`Prometheus text on a port of its own, usually ${DEFAULT_PORTS.metrics}`),
  'health-port': listenPort(`/healthz/ready on a port of its own, usually ${DEFAULT_PORTS.health}`),
  ...runtimeOptions(env),
});

/** An edge proxy has no application: it joins as an instance of the Service that has the Gateway's name. */
const gatewayOptions = (env: Environment) => {
  const { service: _, version: __, port: ___, 'app-address': ____, ...rest } = joinOptions(env);
  const gateway = required(
    qualifiedName(
      'NAMESPACE/NAME',
      'the Gateway that this is an edge proxy of; its token is for the Service of that name',
    ),
  );
  return { gateway, ...rest };
};

function portList(help: string) {
  const option = repeated(wholeNumber({ placeholder: 'PORT', help }, { min: 1, max: 65_535 }));
  return {
    ...option,
    decode(given: readonly string[]): readonly number[] | undefined {
      const ports = option.decode(given);
      if (new Set(ports).size !== ports.length) throw new OptionProblem('names a port twice');
      return ports.length === 0 ? undefined : ports;
    },
  };
}

/** `argv` without the program's name: `proxy …` or `join … -- command…`. */
export function parseConfig(argv: readonly string[], env: Environment = process.env): DataplaneConfig {
  const [mode, ...rest] = argv;
  if (mode === 'proxy') return parseStandalone(rest, env);
  if (mode === 'join') return parseJoin(rest, env, 'sidecar');
  if (mode === 'gateway') return parseGateway(rest, env);
  if (mode === 'envoy' && rest[0] === 'bootstrap') return parseJoin(rest.slice(1), env, 'envoy');
  if (mode === 'envoy') throw new UsageError(['a verb is missing: bootstrap']);
  throw new UsageError([
    mode === undefined ? 'a mode is missing: proxy, join or gateway' : `unknown mode "${mode}": proxy, join or gateway`,
  ]);
}

function parseStandalone(argv: readonly string[], env: Environment): StandaloneConfig {
  const { options } = parseOptions(standaloneOptions(env), argv);
  return {
    mode: 'proxy',
    resources: path.resolve(options.resources),
    workload: options.workload,
    identityDir: options['identity-dir'] === undefined ? undefined : path.resolve(options['identity-dir']),
    bindAddress: options.bind,
    listen: {
      outboundPort: options['outbound-port'],
      inboundPort: options['inbound-port'],
      adminPort: options['admin-port'],
      metricsPort: options['metrics-port'],
      healthPort: options['health-port'],
    },
    ...runtime(options),
  };
}

function parseJoin(argv: readonly string[], env: Environment, model: JoinConfig['model']): JoinConfig {
  const split = argv.indexOf('--');
  const command = split < 0 ? [] : argv.slice(split + 1);
  const { options } = parseOptions(joinOptions(env), split < 0 ? argv : argv.slice(0, split));
  const problems: string[] = [];
  if (options.token !== undefined && options['token-file'] !== undefined) {
    problems.push(TWO_TOKENS);
  }
  if (split >= 0 && command.length === 0) problems.push('a command is missing after --');
  const addresses = options['app-address'];
  const startsApp = model === 'sidecar' && command.length > 0;
  if (startsApp && addresses.length > 0) problems.push('--app-address and a command exclude each other');
  if (!startsApp && problems.length === 0 && addresses.length !== options.port.length) {
    problems.push('each --port needs an --app-address');
  }
  if (problems.length > 0) throw new UsageError(problems);
  return {
    mode: 'join',
    model,
    service: options.service,
    version: options.version,
    ports: options.port.map((port, i) => ({ port, appAddress: addresses[i] })),
    labels: Object.fromEntries(options.label),
    command,
    ...membership(options, env),
  };
}

const GATEWAY_VERSION = 'v1';

function parseGateway(argv: readonly string[], env: Environment): JoinConfig {
  const { options } = parseOptions(gatewayOptions(env), argv);
  if (options.token !== undefined && options['token-file'] !== undefined) throw new UsageError([TWO_TOKENS]);
  return {
    mode: 'join',
    model: 'sidecar',
    service: options.gateway,
    version: GATEWAY_VERSION,
    ports: [],
    labels: { ...Object.fromEntries(options.label), [GATEWAY_NAME_LABEL]: options.gateway.name },
    command: [],
    ...membership(options, env),
  };
}

const TWO_TOKENS = '--token and --token-file exclude each other';

type MembershipOptions = Omit<ReturnType<typeof parseOptions<ReturnType<typeof gatewayOptions>>>['options'], 'gateway'>;

/** What an edge proxy and a sidecar have in common. */
function membership(options: MembershipOptions, env: Environment) {
  return {
    controlPlane: options['control-plane'],
    caPin: options['ca-pin']?.toLowerCase(),
    token: options.token ?? (env.MALHA_JOIN_TOKEN === '' ? undefined : env.MALHA_JOIN_TOKEN),
    tokenFile: options['token-file'] === undefined ? undefined : path.resolve(options['token-file']),
    workloadName: options.workload,
    stateDir: options['state-dir'] === undefined ? undefined : path.resolve(options['state-dir']),
    stateRoot: path.resolve(env.MALHA_STATE_DIR ?? '.malha'),
    listen: {
      ...definedPort('outboundPort', options['outbound-port']),
      ...definedPort('inboundPort', options['inbound-port']),
      ...definedPort('adminPort', options['admin-port']),
      ...definedPort('metricsPort', options['metrics-port']),
      ...definedPort('healthPort', options['health-port']),
    },
    environment: withoutToken(env),
    ...runtime(options),
  };
}

function withoutToken({ MALHA_JOIN_TOKEN: _, ...rest }: Environment): Environment {
  return rest;
}

function definedPort(name: keyof ListenConfig, port: number | undefined): Partial<ListenConfig> {
  return port === undefined ? {} : { [name]: port };
}

interface RuntimeOptions extends LimitOptions {
  readonly 'drain-time': number;
  readonly 'worker-threads': number;
  readonly 'log-level': string;
  readonly 'certificates-dir': string | undefined;
  readonly 'geoip-database': string | undefined;
  readonly 'gateway-address': string | undefined;
}

function runtime(options: RuntimeOptions): RuntimeConfig {
  const certificatesDir = options['certificates-dir'];
  const geoipDatabase = options['geoip-database'];
  return {
    certificatesDir: certificatesDir === undefined ? undefined : path.resolve(certificatesDir),
    geoipDatabase: geoipDatabase === undefined ? undefined : path.resolve(geoipDatabase),
    gatewayAddress: options['gateway-address'],
    drainMs: options['drain-time'],
    limits: limitsOf(options),
    workerThreads: options['worker-threads'],
    logLevel: decodeLogLevel(options['log-level']),
  };
}

function decodeLogLevel(value: string): LogLevel {
  if (!LOG_LEVELS.test(value))
    throw new UsageError([`MALHA_LOG_LEVEL "${value}" is not debug, info, warn, error or silent`]);
  return value as LogLevel;
}

const USAGE: Readonly<
  Record<
    string,
    readonly [
      string,
      (
        env: Environment,
      ) => ReturnType<typeof standaloneOptions> | ReturnType<typeof joinOptions> | ReturnType<typeof gatewayOptions>,
    ]
  >
> = {
  proxy: ['malha proxy --resources DIR --workload NAMESPACE/NAME [options]', standaloneOptions],
  envoy: [
    'malha envoy bootstrap --service NAMESPACE/NAME --version VERSION --port PORT --app-address HOST:PORT [options] [-- envoy -c {}]',
    joinOptions,
  ],
  gateway: ['malha gateway --gateway NAMESPACE/NAME [options]', gatewayOptions],
  join: ['malha join --service NAMESPACE/NAME --version VERSION --port PORT [options] [-- command…]', joinOptions],
};

/** Help text of a mode, or undefined for an unknown one. */
export function usageOf(mode: string): string | undefined {
  const entry = USAGE[mode];
  return entry === undefined ? undefined : `Usage: ${entry[0]}\n\n${describeOptions(entry[1]({}))}\n`;
}
