// For tests: a service of a known capacity behind an admission, in simulated time. It works on so many requests at once,
// the rest queues inside it, and what its callers gave up it works off all the same: as real servers do.
import type { Random } from '../request-view.ts';
import { Admission, type Waiter } from './admission.ts';
import type { OverloadConfig, Priority } from './config.ts';

export interface Simulation {
  /** Requests that it works on at once, and how long one takes that begins now. */
  readonly workers: number;
  readonly serviceMs: (nowMs: number) => number;
  /** Of Poisson arrivals. */
  readonly requestsPerSecond: (nowMs: number) => number;
  /** How long a caller waits. */
  readonly deadlineMs: number;
  readonly forMs: number;
  /** Undefined: everything goes straight to the service. */
  readonly overload: OverloadConfig | undefined;
  readonly priorityOf?: (nth: number) => Priority;
  readonly random: Random;
  /** What happened before is not counted. */
  readonly warmUpMs?: number;
}

export interface SimulationResult {
  readonly offered: number;
  /** Answered before the deadline. */
  readonly good: Readonly<Record<Priority, number>>;
  readonly shed: Readonly<Record<Priority, number>>;
  readonly latenciesMs: readonly number[];
  readonly limit: number;
}

interface Request {
  readonly priority: Priority;
  readonly bornMs: number;
  sentMs: number;
  isOver: boolean;
}

type Event = () => void;

class Agenda {
  nowMs = 0;
  /** A heap by time. */
  readonly #heap: { readonly atMs: number; readonly event: Event }[] = [];

  at(atMs: number, event: Event): void {
    const heap = this.#heap;
    let index = heap.push({ atMs, event }) - 1;
    for (let parent = (index - 1) >> 1; index > 0; index = parent, parent = (index - 1) >> 1) {
      if (!this.#swapIfEarlier(index, parent)) return;
    }
  }

  runUntil(endMs: number): void {
    for (let next = this.#pop(endMs); next !== undefined; next = this.#pop(endMs)) {
      this.nowMs = next.atMs;
      next.event();
    }
  }

  #pop(endMs: number) {
    const heap = this.#heap;
    const [top] = heap;
    if (top === undefined || top.atMs > endMs) return undefined;
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) {
      heap[0] = last;
      for (let index = 0; ; ) {
        const left = index * 2 + 1;
        const child = (heap[left + 1]?.atMs ?? Infinity) < (heap[left]?.atMs ?? Infinity) ? left + 1 : left;
        if (!this.#swapIfEarlier(child, index)) break;
        index = child;
      }
    }
    return top;
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const [a, b] = [this.#heap[child], this.#heap[parent]];
    if (a === undefined || b === undefined || a.atMs >= b.atMs) return false;
    this.#heap[child] = b;
    this.#heap[parent] = a;
    return true;
  }
}

export function simulate(simulation: Simulation): SimulationResult {
  const { workers, serviceMs, requestsPerSecond, deadlineMs, forMs, overload, random, warmUpMs = 0 } = simulation;
  const { priorityOf = () => 'default' as const } = simulation;
  const agenda = new Agenda();
  const admission = overload === undefined ? undefined : new Admission(overload, 0);
  const good = { critical: 0, default: 0, sheddable: 0 };
  const shed = { critical: 0, default: 0, sheddable: 0 };
  const latenciesMs: number[] = [];
  const backlog: Request[] = [];
  let [offered, busy, nth, served] = [0, 0, 0, 0];

  const over = (request: Request, how: 'answered' | 'abandoned'): void => {
    if (request.isOver) return;
    request.isOver = true;
    admission?.learn(how, request.sentMs, agenda.nowMs);
    admission?.release(agenda.nowMs);
  };
  const work = (): void => {
    const request = backlog[served];
    if (busy === workers || request === undefined) return;
    served++;
    busy++;
    agenda.at(agenda.nowMs + serviceMs(agenda.nowMs), () => {
      busy--;
      if (!request.isOver && request.bornMs >= warmUpMs) {
        good[request.priority]++;
        latenciesMs.push(agenda.nowMs - request.bornMs);
      }
      over(request, 'answered');
      work();
    });
  };
  const send = (request: Request): void => {
    request.sentMs = agenda.nowMs;
    agenda.at(request.bornMs + deadlineMs, () => over(request, 'abandoned'));
    backlog.push(request);
    work();
  };
  const arrive = (): void => {
    const request = { priority: priorityOf(nth++), bornMs: agenda.nowMs, sentMs: 0, isOver: false };
    if (agenda.nowMs >= warmUpMs) offered++;
    const waiter: Waiter = {
      priority: request.priority,
      admitted: () => send(request),
      shed: () => {
        if (request.bornMs >= warmUpMs) shed[request.priority]++;
      },
    };
    const verdict = admission?.ask(waiter, agenda.nowMs) ?? { type: 'go' };
    if (verdict.type === 'go') send(request);
    else if (verdict.type === 'shed') waiter.shed();
    else agenda.at(verdict.untilMs, () => admission?.expire(waiter));
    agenda.at(agenda.nowMs + (-Math.log(1 - random()) * 1000) / requestsPerSecond(agenda.nowMs), arrive);
  };
  agenda.at(0, arrive);
  agenda.runUntil(forMs);
  return { offered, good, shed, latenciesMs, limit: admission?.limit ?? 0 };
}
