// The only reader of process.env in the CLI: where the control plane is and who asks.
import os from 'node:os';
import path from 'node:path';
import { flag, text } from './option-types.ts';
import { UsageError } from './options.ts';

/** Options that every command has which talks to the control plane. */
export const apiOptions = {
  api: text('URL', 'REST address of the control plane, such as http://127.0.0.1:4401 (or MALHA_API_URL)'),
  'api-token': text('TOKEN', 'token for --api (or MALHA_API_TOKEN)'),
  socket: text('PATH', 'local admin socket (default .malha/api.sock, or in MALHA_STATE_DIR)'),
};

export const helpOption = { help: flag('this help') };

export interface ApiAddress {
  /** Path of a unix socket, or an http(s) origin. */
  readonly target: { readonly socketPath: string } | { readonly url: URL };
  readonly token: string | undefined;
  /** Who asks, for the history of changes. */
  readonly author: string;
}

export interface CliEnvironment {
  readonly [name: string]: string | undefined;
  readonly MALHA_API_URL?: string | undefined;
  readonly MALHA_API_TOKEN?: string | undefined;
  readonly MALHA_STATE_DIR?: string | undefined;
}

export function apiAddress(
  options: {
    readonly api: string | undefined;
    readonly 'api-token': string | undefined;
    readonly socket: string | undefined;
  },
  env: CliEnvironment = process.env,
): ApiAddress {
  if (options.api !== undefined && options.socket !== undefined)
    throw new UsageError(['--api and --socket exclude each other']);
  const url = options.socket === undefined ? (options.api ?? env.MALHA_API_URL) : undefined;
  const socketPath = options.socket ?? path.join(env.MALHA_STATE_DIR ?? '.malha', 'api.sock');
  return {
    target: url === undefined ? { socketPath: path.resolve(socketPath) } : { url: parseUrl(url) },
    token: options['api-token'] ?? env.MALHA_API_TOKEN,
    author: userName(),
  };
}

function parseUrl(value: string): URL {
  if (!URL.canParse(value)) throw new UsageError([`--api "${value}" is not an address`]);
  const url = new URL(value);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError([`--api "${value}" is not http or https`]);
  return url;
}

function userName(): string {
  try {
    return os.userInfo().username;
  } catch {
    // A user id without an entry, as containers have.
    return 'unknown';
  }
}
