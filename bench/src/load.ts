// One measured run of wrk against a port, with the CPU time that the proxies spent on it.
import { spawn } from 'node:child_process';
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
  /** Default: loopback. */
  readonly host?: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

export async function measure(proxies: readonly Running[], options: LoadOptions): Promise<Measured> {
  await wrk({ ...options, seconds: 1 });
  const pids = proxies.flatMap((proxy) => family(proxy.pid));
  const before = cpuSeconds(pids);
  const output = await wrk(options);
  const cpu = cpuSeconds(pids) - before;
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  const socketErrors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  const badAnswers = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  if (requests === 0) throw new Error(`no request was answered:\n${output}`);
  return {
    cpuMicrosPerRequest: (cpu * 1_000_000) / requests,
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
    p50Ms: latency(output, '50%'),
    p99Ms: latency(output, '99%'),
    rssMiB: residentMiB(pids),
    errors: badAnswers + (socketErrors?.slice(1).reduce((sum, n) => sum + Number(n), 0) ?? 0),
  };
}

function wrk({ host = '127.0.0.1', port, connections, seconds, headers }: LoadOptions): Promise<string> {
  const args = ['-c', String(LOAD_CORE), 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency'];
  for (const [name, value] of Object.entries(headers)) args.push('-H', `${name}: ${value}`);
  args.push(`http://${host}:${port}/`);
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('close', () => resolve(output));
  });
}

const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000 };

function latency(output: string, percentile: string): number {
  const match = new RegExp(`${percentile}\\s+([\\d.]+)(us|ms|s|m)`).exec(output);
  return match === null ? Number.NaN : Number(match[1]) * (UNIT_MS[match[2] ?? 'ms'] ?? 1);
}
