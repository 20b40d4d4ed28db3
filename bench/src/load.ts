// One measured run of a load generator against a port, with the CPU time that the proxies spent on it.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cpuSeconds, family, LOAD_CORE, type Running, residentMiB } from './processes.ts';

export interface Measured {
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly rssMiB: number;
  /** Socket errors, time-outs and answers other than 2xx and 3xx. */
  readonly errors: number;
}

export interface LoadOptions {
  readonly generator: Generator;
  /** Default: loopback. */
  readonly host?: string;
  readonly port: number;
  /** Requests under way at once. */
  readonly connections: number;
  readonly seconds: number;
  /** Load before that, which is not counted. Default: 1. */
  readonly leadSeconds?: number;
  readonly headers: Readonly<Record<string, string>>;
}

export type Generator = (options: Omit<LoadOptions, 'generator' | 'leadSeconds'>) => Promise<Answered>;

export interface Answered {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Socket errors, time-outs and answers other than 2xx and 3xx. */
  readonly errors: number;
}

export async function measure(proxies: readonly Running[], options: LoadOptions): Promise<Measured> {
  const { generator, leadSeconds = 1 } = options;
  if (leadSeconds > 0) await generator({ ...options, seconds: leadSeconds });
  const pids = proxies.flatMap((proxy) => family(proxy.pid));
  const before = cpuSeconds(pids);
  const { requests, ...answered } = await generator(options);
  const cpu = cpuSeconds(pids) - before;
  if (requests === 0) throw new Error('no request was answered');
  return { ...answered, cpuMicrosPerRequest: (cpu * 1_000_000) / requests, rssMiB: residentMiB(pids) };
}

/** HTTP/1.1: each connection asks again as soon as it has its answer. */
export const wrk: Generator = (options) => runWrk(options, '/');

/** Answers of 1 MiB. */
export const wrkLarge: Generator = (options) => runWrk(options, '/large');

async function runWrk(
  { host = '127.0.0.1', port, connections, seconds, headers }: Omit<LoadOptions, 'generator'>,
  target: string,
): Promise<Answered> {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency'];
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`);
  const output = await outputOf('wrk', [...args, `http://${host}:${port}${target}`]);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const badAnswers = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  return {
    requests: Number(/(\d+) requests in/.exec(output)?.[1] ?? 0),
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
    p50Ms: latency(output, '50%'),
    p99Ms: latency(output, '99%'),
    errors: badAnswers + (socketErrors?.slice(1).reduce((sum, n) => sum + Number(n), 0) ?? 0),
  };
}

/** gRPC clients have few connections with many calls on each. */
const CLIENTS_MAX = 8;
/** A message of five bytes, framed. */
const UNARY_REQUEST = Buffer.from([0, 0, 0, 0, 5, 10, 3, 98, 111, 98]);

/** Unary gRPC calls over HTTP/2 in cleartext. */
export const h2loadUnary: Generator = (options) => {
  const { connections, headers } = options;
  const clients = Math.min(CLIENTS_MAX, connections);
  const extra = ['-m', String(Math.max(1, Math.round(connections / clients)))];
  const grpc = { ...headers, 'content-type': 'application/grpc', te: 'trailers' };
  return h2load({ ...options, headers: grpc }, { clients, extra, body: UNARY_REQUEST, path: '/shop.Catalog/Get' });
};

/** HTTP/1.1 at a fixed rate over all connections: what a client waits for when the proxy is not saturated. */
export function h2loadAt(rate: number): Generator {
  return (options) => {
    const extra = ['--h1', '-m', '1', `--rps=${Math.max(1, Math.round(rate / options.connections))}`];
    return h2load(options, { clients: options.connections, extra, path: '/' });
  };
}

async function h2load(
  { host = '127.0.0.1', port, seconds, headers }: Omit<LoadOptions, 'generator'>,
  of: { readonly clients: number; readonly extra: readonly string[]; readonly body?: Buffer; readonly path: string },
): Promise<Answered> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-h2load-'));
  try {
    const log = path.join(directory, 'log');
    const body = path.join(directory, 'body');
    const args = ['-t1', `-c${of.clients}`, '-D', String(seconds), `--log-file=${log}`, ...of.extra];
    if (of.body !== undefined) {
      fs.writeFileSync(body, of.body);
      args.push('-d', body);
    }
    // h2load names the authority after the URI; a Host header of its own would be a second one.
    const { Host, ...others } = headers;
    for (const [name, value] of Object.entries(others)) args.push('-H', `${name}: ${value}`);
    if (Host !== undefined) args.push('-H', `:authority: ${Host}`);
    const output = await outputOf('h2load', [...args, `http://${host}:${port}${of.path}`]);
    const counts = /(\d+) done, (\d+) succeeded/.exec(output);
    const [done, succeeded] = [Number(counts?.[1] ?? 0), Number(counts?.[2] ?? 0)];
    const times = fs.existsSync(log) ? latenciesMs(fs.readFileSync(log, 'utf8')) : [];
    return {
      requests: done,
      requestsPerSecond: done / seconds,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
      errors: done - succeeded,
    };
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Lines of start, status and microseconds, sorted by the last. */
function latenciesMs(log: string): number[] {
  const times = log
    .split('\n')
    .map((line) => Number(line.split('\t')[2]) / 1_000)
    .filter((time) => Number.isFinite(time));
  return times.sort((a, b) => a - b);
}

/** Nearest rank of a sorted list. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', String(LOAD_CORE), command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

/** Of wrk's report. */
function latency(output: string, percentile: string): number {
  const match = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s|m)`).exec(output);
  return match === null ? Number.NaN : Number(match[1]) * (UNIT_MS[match[2] ?? 'ms'] ?? 1);
}
