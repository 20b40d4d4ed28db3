// Sends metrics and spans to the control plane each second; what counts is exact across lost exports and restarts.
import type { Clock } from '@malha/traffic/clock';
import type { MetricsSnapshot, SpanRecord } from '../snapshot.ts';
import { type Acknowledged, acknowledgedBy, MetricsEncoder, workOf } from './metrics-encoder.ts';
import { PendingReports } from './pending-reports.ts';
import type { TelemetryResource } from './resource.ts';
import { encodeSpans } from './trace-encoder.ts';
import type { OtlpTransport } from './transport.ts';

export interface ExporterOptions {
  readonly resource: TelemetryResource;
  readonly transport: OtlpTransport;
  /** Cumulative metrics of the whole process (all workers). */
  readonly collect: () => MetricsSnapshot | Promise<MetricsSnapshot>;
  /** Takes the finished spans out; asked again only when they are delivered, so the recorder's ring is the bound. */
  readonly takeSpans: () => readonly SpanRecord[] | Promise<readonly SpanRecord[]>;
  /** Where the last report waits when the process ends unacknowledged. */
  readonly pendingFile: string;
  readonly clock: Clock;
  /** In [0,1), for the jitter. */
  readonly random: () => number;
  readonly log: ExporterLog;
  readonly intervalMs?: number;
  readonly deadlineMs?: number;
}

export interface ExporterLog {
  warn(fields: object, message: string): void;
}

export interface ExporterStats {
  readonly delivered: number;
  readonly failed: number;
  readonly refused: number;
  readonly spansDelivered: number;
  readonly spansDropped: number;
  readonly lastDeliveredMs: number | null;
}

const INTERVAL_MS = 1000;
const DEADLINE_MS = 5000;
const BACKOFF_MAX_MS = 10_000;
const SPANS_PER_EXPORT = 512;
const NOTHING: Acknowledged = new Map();

export class OtlpExporter {
  readonly #options: ExporterOptions;
  readonly #encoder: MetricsEncoder;
  readonly #pending: PendingReports;
  readonly #intervalMs: number;
  readonly #deadlineMs: number;
  #acknowledged: Acknowledged = NOTHING;
  #spans: readonly SpanRecord[] = [];
  #pendingReports: Uint8Array[] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;
  #failuresInARow = 0;
  #notBeforeMs = 0;
  #stats = { delivered: 0, failed: 0, refused: 0, spansDelivered: 0, spansDropped: 0 };
  #lastDeliveredMs: number | null = null;

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#encoder = new MetricsEncoder(options.resource);
    this.#pending = new PendingReports(options.pendingFile);
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  }

  /** Exports each interval; the first at a random moment, so that many proxies spread out. */
  start(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    this.#schedule(this.#intervalMs * this.#options.random());
  }

  /** One round: pending reports of earlier processes, metrics, spans. Rounds never overlap; while backing off it does nothing. */
  tick(): Promise<void> {
    if (this.#running !== undefined) return this.#running;
    if (this.#options.clock.monotonic() < this.#notBeforeMs) return Promise.resolve();
    return this.#round();
  }

  /**
   * Final export after the last request: returns true when everything was acknowledged. What was not within the
   * deadline is saved and sent by the next process, so that totals stay exact.
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const endMs = this.#options.clock.monotonic() + deadlineMs;
    const left = () => endMs - this.#options.clock.monotonic();
    if (this.#running !== undefined) await Promise.race([this.#running, wait(Math.max(0, left()))]);
    let isDelivered = false;
    while (!isDelivered && left() > 0) {
      isDelivered = await this.#exportMetrics(Math.min(this.#deadlineMs, left()));
      if (isDelivered) await this.#exportSpans(Math.max(1, left()));
      else await wait(Math.max(0, Math.min(this.#intervalMs / 4, left())));
    }
    await this.#save();
    return isDelivered;
  }

  stats(): ExporterStats {
    return { ...this.#stats, lastDeliveredMs: this.#lastDeliveredMs };
  }

  #schedule(delayMs: number): void {
    this.#timer = setTimeout(() => {
      void this.tick().finally(() => {
        if (!this.#isStopped) this.#schedule(this.#intervalMs);
      });
    }, delayMs);
    this.#timer.unref();
  }

  #round(): Promise<void> {
    const round = this.#exportAll().finally(() => {
      this.#running = undefined;
    });
    this.#running = round;
    return round;
  }

  async #exportAll(): Promise<void> {
    if (!(await this.#exportMetrics(this.#deadlineMs))) return;
    await this.#exportPending();
    await this.#exportSpans(this.#deadlineMs);
  }

  async #exportMetrics(deadlineMs: number): Promise<boolean> {
    const snapshot = await this.#options.collect();
    const request = this.#encoder.encode(snapshot, this.#acknowledged);
    const outcome = await this.#send('metrics', request, deadlineMs);
    if (outcome === 'delivered') this.#acknowledged = acknowledgedBy(snapshot);
    return outcome === 'delivered';
  }

  async #exportPending(): Promise<void> {
    this.#pendingReports ??= await this.#readPending();
    while (this.#pendingReports.length > 0) {
      const [report, ...rest] = this.#pendingReports;
      if (report === undefined) return;
      const outcome = await this.#send('metrics', report, this.#deadlineMs);
      if (outcome === 'retry') return;
      await this.#writePending(rest);
      this.#pendingReports = rest;
    }
  }

  async #exportSpans(deadlineMs: number): Promise<void> {
    if (this.#spans.length === 0) this.#spans = await this.#options.takeSpans();
    while (this.#spans.length > 0) {
      const batch = this.#spans.slice(0, SPANS_PER_EXPORT);
      const outcome = await this.#send('traces', encodeSpans(this.#options.resource, batch), deadlineMs);
      if (outcome === 'retry') return;
      this.#stats[outcome === 'delivered' ? 'spansDelivered' : 'spansDropped'] += batch.length;
      this.#spans = this.#spans.slice(batch.length);
    }
  }

  async #send(signal: 'metrics' | 'traces', request: Uint8Array, deadlineMs: number) {
    const { outcome, detail } = await this.#options.transport.send(signal, request, deadlineMs);
    if (outcome === 'delivered') {
      this.#stats.delivered += 1;
      this.#failuresInARow = 0;
      this.#notBeforeMs = 0;
      this.#lastDeliveredMs = this.#options.clock.now();
      return outcome;
    }
    this.#stats[outcome === 'retry' ? 'failed' : 'refused'] += 1;
    this.#failuresInARow += 1;
    if (this.#failuresInARow === 1 || outcome === 'refused') {
      this.#options.log.warn({ signal, detail, outcome }, 'telemetry was not delivered');
    }
    this.#notBeforeMs = this.#options.clock.monotonic() + this.#backoffMs();
    return outcome;
  }

  /** Doubles from a quarter of the interval, with full jitter on the upper half. */
  #backoffMs(): number {
    const doubled = (this.#intervalMs / 4) * 2 ** Math.min(10, this.#failuresInARow - 1);
    return Math.min(BACKOFF_MAX_MS, doubled) * (0.5 + this.#options.random() / 2);
  }

  async #readPending(): Promise<Uint8Array[]> {
    try {
      return await this.#pending.read((reason) => this.#options.log.warn({ reason }, 'pending reports were lost'));
    } catch (error) {
      this.#options.log.warn({ error }, 'pending reports could not be read');
      return [];
    }
  }

  async #writePending(reports: readonly Uint8Array[]): Promise<void> {
    try {
      await this.#pending.write(reports);
    } catch (error) {
      // Delivering one again changes nothing: counts are cumulative.
      this.#options.log.warn({ error }, 'pending reports could not be written');
    }
  }

  /** The whole cumulative state, because nobody can say what of the last export arrived. */
  async #save(): Promise<void> {
    const snapshot = await this.#options.collect();
    const isKnown = snapshot.edges.every((edge) => this.#acknowledged.get(edge.key) === workOf(edge));
    if (isKnown) return;
    const earlier = this.#pendingReports ?? (await this.#readPending());
    await this.#writePending([...earlier, this.#encoder.encode(snapshot, NOTHING)]);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
