// Gathers reports of many proxies for one transaction; each report is answered when it is stored, or with why it was not.
import type { MetricsReport } from '../report.ts';

export interface BatcherOptions {
  readonly store: (reports: readonly MetricsReport[]) => Promise<void>;
  /** Whether the failure is the store's (away, overloaded), so that single reports would fail as well. */
  readonly isOutage: (error: unknown) => boolean;
  /** How long the first report of a batch waits for others. */
  readonly gatherMs?: number;
  readonly batchMax?: number;
  readonly queueMax?: number;
}

export class QueueFull extends Error {
  override readonly name = 'QueueFull';
  constructor(queueMax: number) {
    super(`More than ${queueMax} reports wait for the store; the proxy will send its counts again.`);
  }
}

interface Waiting {
  readonly report: MetricsReport;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const GATHER_MS = 40;
const BATCH_MAX = 256;
const QUEUE_MAX = 4_096;

export class ReportBatcher {
  readonly #options: BatcherOptions;
  readonly #queueMax: number;
  #queue: Waiting[] = [];
  #isRunning = false;

  constructor(options: BatcherOptions) {
    this.#options = options;
    this.#queueMax = options.queueMax ?? QUEUE_MAX;
  }

  /** Resolves when the report is stored. */
  submit(report: MetricsReport): Promise<void> {
    if (this.#queue.length >= this.#queueMax) return Promise.reject(new QueueFull(this.#queueMax));
    return new Promise((resolve, reject) => {
      this.#queue.push({ report, resolve, reject });
      if (this.#isRunning) return;
      this.#isRunning = true;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.#options.gatherMs ?? GATHER_MS));
      const batch = this.#queue.splice(0, this.#options.batchMax ?? BATCH_MAX);
      await this.#storeAll(batch);
    }
    this.#isRunning = false;
  }

  async #storeAll(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#options.store(batch.map(({ report }) => report));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      if (batch.length === 1 || this.#options.isOutage(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One report that the store refuses must not take the others with it.
      for (const single of batch) await this.#storeAll([single]);
    }
  }
}
