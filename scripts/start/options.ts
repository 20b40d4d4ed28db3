// The options of `npm start`, read from the environment once.
import os from 'node:os';
import path from 'node:path';
import { StartError } from './progress.ts';

export interface StartOptions {
  /** Everything that survives a stop: database, certificates, logs. */
  readonly stateDir: string;
  /** An external Postgres; unset = the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly consolePort: number;
  readonly apiPort: number;
  readonly xdsPort: number;
  readonly joinPort: number;
  readonly metricsPort: number;
  readonly plaintextXdsPort: number;
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly shopperControlPort: number;
  /** Requests a second of the bookstore's load generator. */
  readonly shopperRate: number;
  readonly withBookstore: boolean;
  readonly withConsole: boolean;
}

export function readOptions(root: string, env: NodeJS.ProcessEnv, argv: readonly string[]): StartOptions {
  return {
    stateDir: path.resolve(env.MALHA_STATE_DIR ?? path.join(root, '.malha')),
    databaseUrl: env.DATABASE_URL === '' ? undefined : env.DATABASE_URL,
    consolePort: number(env, 'MALHA_CONSOLE_PORT', 4400),
    apiPort: number(env, 'MALHA_API_PORT', 4401),
    xdsPort: number(env, 'MALHA_XDS_PORT', 15012),
    joinPort: number(env, 'MALHA_JOIN_PORT', 15013),
    metricsPort: number(env, 'MALHA_METRICS_PORT', 15014),
    plaintextXdsPort: number(env, 'MALHA_XDS_PLAINTEXT_PORT', 15010),
    otlpGrpcPort: number(env, 'MALHA_OTLP_GRPC_PORT', 4317),
    otlpHttpPort: number(env, 'MALHA_OTLP_HTTP_PORT', 4318),
    shopperControlPort: number(env, 'SHOPPER_CONTROL_PORT', 4410),
    shopperRate: number(env, 'SHOPPER_RATE', 30),
    withBookstore: !argv.includes('--no-bookstore'),
    withConsole: !argv.includes('--no-console'),
  };
}

function number(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new StartError(`${name} must be a number from 0 to 65535, not "${text}".`);
  return value;
}

/** For messages: the path as the person would type it. */
export function tilde(file: string): string {
  return file.startsWith(os.homedir()) ? `~${file.slice(os.homedir().length)}` : path.relative(process.cwd(), file);
}
