// The load generator: open loop at a steady rate, and an exact count of what it sent and what came back.
import type { Server } from 'node:http';
import { BOOKS } from './books.ts';
import type { MeshClient } from './mesh-client.ts';
import { type Handler, notFound, serve } from './service.ts';

const USERS = ['ines', 'tomas', 'bea', 'rui', 'guest'];
const RATE_MAX = 2_000;
const IN_FLIGHT_MAX = 1_000;
const TICK_MS = 20;

export interface Counts {
  sent: number;
  answered: number;
  /** No HTTP answer at all: connection refused, reset, time-out. */
  broken: number;
  /** Not sent because too many were in flight. */
  skipped: number;
  byStatus: Record<string, number>;
  inFlight: number;
  ratePerSecond: number;
}

export class Shopper {
  readonly #mesh: MeshClient;
  readonly #random: () => number;
  readonly counts: Counts;
  #timer: NodeJS.Timeout | undefined;

  constructor(mesh: MeshClient, random: () => number, ratePerSecond: number) {
    this.#mesh = mesh;
    this.#random = random;
    this.counts = { sent: 0, answered: 0, broken: 0, skipped: 0, byStatus: {}, inFlight: 0, ratePerSecond };
  }

  start(): void {
    let last = performance.now();
    let due = 0;
    this.#timer = setInterval(() => {
      const now = performance.now();
      due = Math.min(due + ((now - last) / 1_000) * this.counts.ratePerSecond, RATE_MAX);
      last = now;
      for (; due >= 1; due -= 1) this.#visit();
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #visit(): void {
    if (this.counts.inFlight >= IN_FLIGHT_MAX) {
      this.counts.skipped += 1;
      return;
    }
    const dice = this.#random();
    const headers = { 'x-user': this.#pick(USERS) };
    if (dice < 0.2) this.#send('GET', '/', headers);
    else if (dice < 0.93) this.#send('GET', `/books/${this.#pick(BOOKS).isbn}`, headers);
    else this.#send('POST', '/orders', headers, { isbn: this.#pick(BOOKS).isbn });
  }

  #pick<T>(of: readonly T[]): T {
    const picked = of[Math.floor(this.#random() * of.length)];
    if (picked === undefined) throw new Error('nothing to pick from');
    return picked;
  }

  #send(method: string, path: string, headers: Record<string, string>, body?: unknown): void {
    const { counts } = this;
    counts.sent += 1;
    counts.inFlight += 1;
    this.#mesh
      .call('frontend', path, { method, headers, body })
      .then(
        ({ status }) => {
          counts.answered += 1;
          counts.byStatus[status] = (counts.byStatus[status] ?? 0) + 1;
        },
        () => {
          counts.broken += 1;
        },
      )
      .finally(() => {
        counts.inFlight -= 1;
      });
  }

  /** `GET /counts`, `POST /rate {"perSecond": n}` (0 pauses), on loopback only. */
  control(): Server {
    const handler: Handler = async ({ method, path, body }) => {
      if (method === 'GET' && path === '/counts') return { body: this.counts };
      if (method === 'POST' && path === '/rate') {
        const rate = Number((body as { perSecond?: unknown } | undefined)?.perSecond);
        if (!(rate >= 0 && rate <= RATE_MAX)) return { status: 400, body: { error: `perSecond: 0 to ${RATE_MAX}` } };
        this.counts.ratePerSecond = rate;
        return { body: this.counts };
      }
      return notFound(path);
    };
    return serve('shopper', 'control', handler);
  }
}
