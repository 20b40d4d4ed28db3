// The command line and environment of `malha ratelimit`: every field with its meaning, unit and default.
import { duration, listenPort, matching, text, withDefault } from '@malha/cli/option-types';
import { describeOptions, parseOptions, UsageError } from '@malha/cli/options';

export interface RateLimitConfig {
  readonly bindAddress: string;
  /** gRPC, Envoy's contract. */
  readonly port: number;
  /** /ready and /metrics; undefined = not opened. */
  readonly operationsPort: number | undefined;
  readonly redisUrl: string;
  readonly redisTimeoutMs: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
}

export interface Environment {
  readonly [name: string]: string | undefined;
  /** Set by `malha join` for the command that it starts. */
  readonly PORT?: string | undefined;
  /** May hold a password, which a command line would show to everybody on the host. */
  readonly MALHA_REDIS_URL?: string | undefined;
}

const DEFAULT_PORT = 8081;
const DEFAULT_OPERATIONS_PORT = 8082;
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

const options = (env: Environment) => ({
  bind: withDefault(text('ADDRESS', 'address to listen on'), '127.0.0.1'),
  port: withDefault(listenPort('port for gRPC; $PORT when it is set'), Number(env.PORT ?? DEFAULT_PORT)),
  'operations-port': withDefault(listenPort('port of /ready and /metrics'), DEFAULT_OPERATIONS_PORT),
  redis: text('URL', 'redis://[user:password@]host:port; $MALHA_REDIS_URL keeps a password out of sight'),
  'redis-timeout': withDefault(duration('time for one answer of Redis'), 50),
  'log-level': withDefault(
    matching(
      'LEVEL',
      'how much is logged on stderr',
      /^(debug|info|warn|error|silent)$/,
      'debug, info, warn, error or silent',
    ),
    'info',
  ),
});

export function usageOfRateLimit(): string {
  return `Usage: malha ratelimit [options]\n\n${describeOptions(options({}))}\n`;
}

/** Throws UsageError. */
export function parseRateLimitConfig(argv: readonly string[], env: Environment = process.env): RateLimitConfig {
  const { options: given } = parseOptions(options(env), argv);
  const redisUrl = given.redis ?? env.MALHA_REDIS_URL ?? '';
  const problem = urlProblem(redisUrl);
  if (problem !== undefined) throw new UsageError([problem]);
  return {
    bindAddress: given.bind,
    port: given.port,
    operationsPort: given['operations-port'],
    redisUrl,
    redisTimeoutMs: given['redis-timeout'],
    logLevel: LEVELS.find((level) => level === given['log-level']) ?? 'info',
  };
}

/** Without the URL itself: it may hold a password. */
function urlProblem(url: string): string | undefined {
  if (url === '') return 'where Redis is must be said: --redis URL, or MALHA_REDIS_URL';
  if (!URL.canParse(url)) return '--redis is not a URL';
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'redis:' && protocol !== 'rediss:') return '--redis must begin with redis:// or rediss://';
  return hostname === '' ? '--redis names no host' : undefined;
}
