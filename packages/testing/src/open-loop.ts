// An open-loop HTTP client: sends at a steady rate whatever comes back, and counts every outcome exactly once.
import http from 'node:http';

const TICK_MS = 5;
const TIMEOUT_MS = 20_000;

export interface LoopOptions {
  /** Address of the sidecar, e.g. http://127.70.0.2:15001. */
  readonly outbound: string;
  /** Host header: the service to call. */
  readonly host: string;
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly ratePerSecond: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly sent: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** By the value of the answer's `x-served-by` header. */
  readonly byServer: Readonly<Record<string, number>>;
  /** Resets, refusals, time-outs: no HTTP answer. */
  readonly broken: number;
  readonly firstError: string | undefined;
  /** Answers other than 2xx, and broken ones. */
  readonly failed: number;
}

export class OpenLoop {
  readonly #options: LoopOptions;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
  readonly #byStatus: Record<string, number> = {};
  readonly #byServer: Record<string, number> = {};
  #sent = 0;
  #broken = 0;
  #inFlight = 0;
  #firstError: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  start(): this {
    const from = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const wanted = Math.floor(((performance.now() - from) / 1_000) * this.#options.ratePerSecond);
      for (; due < wanted; due++) this.#send();
    }, TICK_MS);
    return this;
  }

  /** Stops sending, waits for what is in flight. */
  async stop(): Promise<Outcome> {
    clearInterval(this.#timer);
    const deadline = performance.now() + TIMEOUT_MS + 1_000;
    while (this.#inFlight > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    this.#agent.destroy();
    return this.outcome();
  }

  outcome(): Outcome {
    const answered = Object.entries(this.#byStatus);
    const bad = answered.filter(([status]) => !status.startsWith('2')).reduce((sum, [, count]) => sum + count, 0);
    return {
      sent: this.#sent,
      byStatus: { ...this.#byStatus },
      byServer: { ...this.#byServer },
      broken: this.#broken,
      firstError: this.#firstError,
      failed: bad + this.#broken,
    };
  }

  #send(): void {
    const { outbound, host, path, method, body, headers } = this.#options;
    const url = new URL(outbound);
    this.#sent += 1;
    this.#inFlight += 1;
    let isSettled = false;
    const settle = (status: number | undefined, server: string, error?: string) => {
      if (isSettled) return;
      isSettled = true;
      this.#inFlight -= 1;
      if (status === undefined) {
        this.#broken += 1;
        this.#firstError ??= error;
        return;
      }
      this.#byStatus[status] = (this.#byStatus[status] ?? 0) + 1;
      this.#byServer[server] = (this.#byServer[server] ?? 0) + 1;
      if (status >= 300) this.#firstError ??= error;
    };
    const request = http.request(
      {
        host: url.hostname,
        port: url.port,
        method,
        path,
        agent: this.#agent,
        timeout: TIMEOUT_MS,
        headers: { host, ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          if (text.length < 200) text += chunk.toString('latin1');
        });
        response.on('end', () =>
          settle(response.statusCode, String(response.headers['x-served-by'] ?? ''), `${response.statusCode} ${text}`),
        );
        response.on('error', (error) => settle(undefined, '', error.message));
        response.on('aborted', () => settle(undefined, '', 'answer cut off'));
      },
    );
    request.on('timeout', () => request.destroy(new Error('time-out')));
    request.on('error', (error) => settle(undefined, '', error.message));
    request.end(body);
  }
}
