// One request under adaptive concurrency: it gets a place, waits for one, or is shed; and it gives its place back, once.
import { RequestFlags } from '@malha/traffic/flags';
import type { Admission, Waiter } from '@malha/traffic/overload/admission';
import { OVERLOADED_HEADER, type Priority } from '@malha/traffic/overload/config';
import type { Ending } from '@malha/traffic/overload/latency-window';
import { isEventStream } from '../../exchange/event-stream.ts';
import type { Exchange, ResponseHead, ResponseWatcher } from '../../exchange/exchange.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../../exchange/timer-wheel.ts';
import { isGrpc } from '../../grpc/grpc-status.ts';
import type { Telemetry } from '../../telemetry/record.ts';
import { HeldRequest } from '../held-request.ts';

/** An overload that is over sooner is not worth that all come back at once. */
const RETRY_AFTER_SECONDS = '1';
const SHED_HEADERS = [
  { name: 'retry-after', value: RETRY_AFTER_SECONDS },
  { name: OVERLOADED_HEADER, value: 'true' },
];
const CALLER_GONE = RequestFlags.DC | RequestFlags.UT;

export interface TurnEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly telemetry: Pick<Telemetry, 'counter' | 'protection'>;
}

interface TurnContext {
  readonly environment: TurnEnvironment;
  /** Of the service. */
  readonly id: string;
  /** What telemetry and traces call it, by priority. */
  readonly names: PriorityNames;
  readonly admitted: (refusal: ProxyError | undefined) => void;
}

/** Made once for each service. */
export type PriorityNames = Readonly<Record<Priority, string>>;

export function priorityNames(id: string): PriorityNames {
  const nameOf = (priority: Priority) => `Overload ${id}/${priority}`;
  return { critical: nameOf('critical'), default: nameOf('default'), sheddable: nameOf('sheddable') };
}

export class Turn implements Waiter, TimerTarget, ResponseWatcher {
  readonly priority: Priority;
  private readonly exchange: Exchange;
  private readonly admission: Admission;
  private readonly context: TurnContext;
  private held: HeldRequest | undefined;
  private timer: WheelTimer | undefined;
  private startMs = 0;
  private holdsPlace = false;
  private hasLearnt = false;

  constructor(exchange: Exchange, admission: Admission, priority: Priority, context: TurnContext) {
    this.exchange = exchange;
    this.admission = admission;
    this.priority = priority;
    this.context = context;
  }

  ask(): void {
    const { environment } = this.context;
    const verdict = this.admission.ask(this, environment.monotonic());
    switch (verdict.type) {
      case 'go':
        this.begin();
        return;
      case 'shed':
        this.context.admitted(this.refusal());
        return;
      case 'wait':
        this.held = new HeldRequest(this.exchange, (error) => this.left(error));
        this.timer = new WheelTimer(this);
        environment.wheel.arm(this.timer, verdict.untilMs);
        return;
    }
  }

  // ——— while it waits ———

  admitted(): void {
    this.stopWaiting()?.goOn(() => this.begin());
  }

  shed(): void {
    this.stopWaiting()?.goOn(() => this.context.admitted(this.refusal()));
  }

  timerFired(): void {
    this.admission.expire(this);
  }

  private left(error: ProxyError): void {
    this.admission.withdraw(this);
    this.stopWaiting();
    this.context.admitted(error);
  }

  private stopWaiting(): HeldRequest | undefined {
    const { held, timer } = this;
    if (timer !== undefined) this.context.environment.wheel.disarm(timer);
    this.held = undefined;
    return held;
  }

  private begin(): void {
    this.holdsPlace = true;
    this.startMs = this.context.environment.monotonic();
    this.exchange.watcher = this;
    this.note(false);
    this.context.admitted(undefined);
  }

  private refusal(): ProxyError {
    const { exchange, context } = this;
    this.note(true);
    context.environment.telemetry.counter('overload-shed');
    exchange.notes.protection = context.names[this.priority];
    exchange.addedHeaders = [...(exchange.addedHeaders ?? []), ...SHED_HEADERS];
    return new ProxyError(
      'overloaded',
      `${context.id} works on ${this.admission.inFlight} requests (${this.priority})`,
    );
  }

  private note(isShed: boolean): void {
    const { environment, names } = this.context;
    environment.telemetry.protection(names[this.priority], isShed);
  }

  // ——— of the response ———

  /** A client that reads slowly does not make the application slow: what counts is the time to the head. */
  responseStarted(head: ResponseHead, isUpgrade: boolean): void {
    // An error is often quick, and says nothing of how long work takes; what it was is known when it is over.
    if (head.status < 500) this.learn('answered');
    // What lasts by design keeps no place.
    if (isUpgrade || isGrpc(this.exchange.request) || isEventStream(head)) this.release();
  }

  requestOver(flags: number): void {
    this.learn((flags & CALLER_GONE) === 0 ? 'failed' : 'abandoned');
    this.release();
  }

  private learn(how: Ending): void {
    if (this.hasLearnt) return;
    this.hasLearnt = true;
    this.admission.learn(how, this.startMs, this.context.environment.monotonic());
  }

  private release(): void {
    if (!this.holdsPlace) return;
    this.holdsPlace = false;
    this.admission.release(this.context.environment.monotonic());
  }
}
