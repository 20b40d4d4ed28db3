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
  /** Beside the host; by the request's number, counted from 0. */
  readonly headersOf?: (index: number) => Readonly<Record<string, string>>;
}

/** What became of the requests that were sent in one part of the run. */
export interface Phase {
  readonly name: string;
  readonly sent: number;
  readonly byServer: Readonly<Record<string, number>>;
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
  /** Attempts beyond the first, by the `x-attempts` headers of the answers. */
  readonly retries: number;
  readonly phases: readonly Phase[];
}

interface OpenPhase {
  readonly name: string;
  sent: number;
  readonly byServer: Record<string, number>;
}

export class OpenLoop {
  readonly #options: LoopOptions;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 512 });
  readonly #byStatus: Record<string, number> = {};
  readonly #phases: OpenPhase[] = [{ name: 'start', sent: 0, byServer: {} }];
  readonly #url: URL;
  #index = 0;
  #broken = 0;
  #retries = 0;
  #inFlight = 0;
  #firstError: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
    this.#url = new URL(options.outbound);
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

  /** Requests sent from now on are counted apart, whenever their answers come. */
  phase(name: string): void {
    this.#phases.push({ name, sent: 0, byServer: {} });
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
    const byServer: Record<string, number> = {};
    for (const phase of this.#phases) {
      for (const [server, count] of Object.entries(phase.byServer)) byServer[server] = (byServer[server] ?? 0) + count;
    }
    return {
      sent: this.#phases.reduce((sum, phase) => sum + phase.sent, 0),
      byStatus: { ...this.#byStatus },
      byServer,
      broken: this.#broken,
      firstError: this.#firstError,
      failed: bad + this.#broken,
      retries: this.#retries,
      phases: this.#phases.map((phase) => ({ ...phase, byServer: { ...phase.byServer } })),
    };
  }

  #send(): void {
    const { host, path, method, body, headersOf } = this.#options;
    const phase = this.#phases.at(-1);
    if (phase === undefined) return;
    phase.sent += 1;
    const own = headersOf?.(this.#index++) ?? {};
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
      phase.byServer[server] = (phase.byServer[server] ?? 0) + 1;
      if (status >= 300) this.#firstError ??= error;
    };
    const request = http.request(
      {
        host: this.#url.hostname,
        port: this.#url.port,
        method,
        path,
        agent: this.#agent,
        timeout: TIMEOUT_MS,
        headers: { host, ...own, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          if (text.length < 200) text += chunk.toString('latin1');
        });
        this.#retries += Math.max(0, Number(response.headers['x-attempts'] ?? 1) - 1);
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
