// Faults at the proxy of the caller: a request waits, gets an error of the proxy's own, or its connection breaks off.
import type { RouteTable } from '@malha/traffic/config';
import { type Fault, FaultClock, FaultInjector } from '@malha/traffic/fault/fault-injector';
import type { FaultRule } from '@malha/traffic/fault/rule';
import type { Exchange } from '../../exchange/exchange.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import { type TimerWheel, WheelTimer } from '../../exchange/timer-wheel.ts';
import type { Telemetry } from '../../telemetry/record.ts';
import { HeldRequest } from '../held-request.ts';
import { LimitedView } from '../rate-limit/limited-view.ts';

export interface FaultEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  /** Unix time. */
  readonly now: () => number;
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, 'protection'>;
}

/** What becomes of the request; told once, at once or after the delay. */
export interface FaultOutcome {
  /** `isFaulted`: it was delayed. */
  goOn(isFaulted: boolean): void;
  /** The answer, or the end of the client before its request went on. */
  fail(error: ProxyError): void;
  reset(): void;
}

export class Faults {
  private readonly environment: FaultEnvironment;
  private readonly clock: FaultClock;
  private readonly injectors = new WeakMap<readonly FaultRule[], FaultInjector>();
  private readonly view = new LimitedView();

  constructor(environment: FaultEnvironment) {
    this.environment = environment;
    this.clock = new FaultClock(environment.now);
  }

  /** The faults of a new configuration: those without a beginning count from now. */
  follow(rules: readonly FaultRule[]): void {
    this.clock.keep(new Set(rules.map(({ id }) => id)));
    for (const rule of rules) this.clock.endOf(rule);
  }

  inject(exchange: Exchange, rules: readonly FaultRule[], outcome: FaultOutcome): void {
    const fault = this.draw(exchange, rules);
    if (fault === undefined) {
      outcome.goOn(false);
      return;
    }
    exchange.notes.protection = nameOf(fault.rule);
    if (fault.delayMs === 0) this.act(fault, outcome);
    else this.delay(exchange, fault, outcome);
  }

  private draw(exchange: Exchange, rules: readonly FaultRule[]): Fault | undefined {
    let injector = this.injectors.get(rules);
    if (injector === undefined) {
      injector = new FaultInjector(rules, this.clock);
      this.injectors.set(rules, injector);
    }
    const { now, random, telemetry } = this.environment;
    this.view.show(exchange);
    const fault = injector.draw(this.view, now(), random);
    this.view.hide();
    if (fault !== undefined) telemetry.protection(nameOf(fault.rule), true);
    return fault;
  }

  private delay(exchange: Exchange, fault: Fault, outcome: FaultOutcome): void {
    const { wheel, monotonic } = this.environment;
    const timer = new WheelTimer({
      timerFired: () => held.goOn(() => this.act(fault, outcome)),
    });
    const held = new HeldRequest(exchange, (error) => {
      wheel.disarm(timer);
      outcome.fail(error);
    });
    wheel.arm(timer, monotonic() + fault.delayMs);
  }

  private act({ rule, abort, isReset }: Fault, outcome: FaultOutcome): void {
    if (isReset) outcome.reset();
    else if (abort === undefined) outcome.goOn(true);
    else
      outcome.fail(
        new ProxyError('faultInjected', rule.id, {
          status: abort.status ?? GRPC_HTTP_STATUS,
          ...(abort.grpcStatus !== undefined && { grpcStatus: abort.grpcStatus }),
        }),
      );
  }
}

/** For requests that are no calls of gRPC, of a fault that names a code of gRPC. */
const GRPC_HTTP_STATUS = 503;

/** Every fault of the tables. */
export function faultsOf(tables: readonly RouteTable[]): FaultRule[] {
  return tables.flatMap(({ virtualHosts }) =>
    virtualHosts.flatMap(({ routes }) =>
      routes.flatMap(({ action }) => (action.type === 'forward' ? (action.faults ?? []) : [])),
    ),
  );
}

function nameOf({ id }: FaultRule): string {
  return `FaultInjection ${id}`;
}
