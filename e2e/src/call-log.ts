// A steady load that keeps of each request when it was sent, when it ended and how: for what must be so before or after a moment.
import http from 'node:http';

export interface Call {
  /** Unix time. */
  readonly sentMs: number;
  readonly endedMs: number;
  /** 0 = no answer. */
  readonly status: number;
}

export interface CallLogOptions {
  /** Of the caller's sidecar, e.g. http://127.70.0.2:15001. */
  readonly outbound: string;
  readonly host: string;
  readonly ratePerSecond: number;
}

const DEADLINE_MS = 20_000;
/** What is not answered is not followed by more. */
const IN_FLIGHT_MAX = 200;

export class CallLog {
  /** In the order of their ends. */
  readonly calls: Call[] = [];
  readonly #options: CallLogOptions;
  readonly #agent = new http.Agent({ keepAlive: true });
  readonly #inFlight = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CallLogOptions) {
    this.#options = options;
  }

  start(): this {
    this.#timer = setInterval(() => {
      if (this.#inFlight.size >= IN_FLIGHT_MAX) return;
      const call = this.#call().finally(() => this.#inFlight.delete(call));
      this.#inFlight.add(call);
    }, 1_000 / this.#options.ratePerSecond);
    return this;
  }

  /** Resolves when every request has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
  }

  #call(): Promise<void> {
    const { hostname, port } = new URL(this.#options.outbound);
    const headers = { host: this.#options.host };
    const sentMs = Date.now();
    return new Promise((resolve) => {
      let isEnded = false;
      const end = (status: number) => {
        if (isEnded) return;
        isEnded = true;
        this.calls.push({ sentMs, endedMs: Date.now(), status });
        resolve();
      };
      const request = http.get(
        { host: hostname, port, agent: this.#agent, headers, timeout: DEADLINE_MS },
        (response) => {
          response.resume();
          response.once('end', () => end(response.statusCode ?? 0));
          response.once('error', () => end(0));
        },
      );
      request.once('timeout', () => request.destroy(new Error('no answer')));
      request.once('error', () => end(0));
    });
  }
}
