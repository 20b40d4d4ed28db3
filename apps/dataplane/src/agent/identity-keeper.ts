// Holds the certificate in use and renews it at half of its life, and at once when the trust changed.
import { renewalDelayMs, renewalRetryDelayMs } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import { type Log, reasonOf } from '../log.ts';
import type { Credentials } from './membership.ts';

/** Longer timers overflow; the moment is computed again when it fires. */
const TIMER_MAX_MS = 3_600_000;

export interface IdentityKeeperDeps {
  /** Asks the control plane; throws while there is none. */
  readonly renew: () => Promise<Credentials>;
  readonly onRenewed: (credentials: Credentials) => Promise<void>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class IdentityKeeper {
  #credentials: Credentials;
  #dueMs: number;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isRenewing = false;

  constructor(
    credentials: Credentials,
    private readonly deps: IdentityKeeperDeps,
  ) {
    this.#credentials = credentials;
    this.#dueMs = this.#dueOf(credentials);
  }

  current(): Credentials {
    return this.#credentials;
  }

  start(): void {
    this.#schedule();
  }

  /** The workload joined again: this is its certificate from now on. */
  async adopt(credentials: Credentials): Promise<void> {
    this.#credentials = credentials;
    this.#failures = 0;
    this.#dueMs = this.#dueOf(credentials);
    await this.deps.onRenewed(credentials);
    this.#schedule();
  }

  /** The trust bundle is another one. */
  renewNow(): void {
    this.#dueMs = this.deps.clock.now();
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #dueOf(credentials: Credentials): number {
    const nowMs = this.deps.clock.now();
    return nowMs + renewalDelayMs(credentials, nowMs, this.deps.random);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const delayMs = Math.max(0, this.#dueMs - this.deps.clock.now());
    this.#timer = setTimeout(() => void this.#tick(), Math.min(delayMs, TIMER_MAX_MS));
    this.#timer.unref();
  }

  async #tick(): Promise<void> {
    if (this.#isRenewing) return;
    if (this.deps.clock.now() >= this.#dueMs) {
      this.#isRenewing = true;
      await this.#renew();
      this.#isRenewing = false;
    }
    this.#schedule();
  }

  async #renew(): Promise<void> {
    const { clock, random, log } = this.deps;
    try {
      const credentials = await this.deps.renew();
      this.#credentials = credentials;
      this.#failures = 0;
      this.#dueMs = this.#dueOf(credentials);
      await this.deps.onRenewed(credentials);
      log.info('certificate renewed', { notAfter: new Date(credentials.notAfterMs).toISOString() });
    } catch (error) {
      this.#dueMs = clock.now() + renewalRetryDelayMs(this.#failures++, random);
      const leftMinutes = Math.floor((this.#credentials.notAfterMs - clock.now()) / 60_000);
      log.warn(`certificate not renewed, trying on: ${reasonOf(error)}`, { validForMinutes: leftMinutes });
    }
  }
}
