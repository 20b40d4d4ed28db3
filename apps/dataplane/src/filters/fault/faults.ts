// Faults at the proxy of the caller: a request waits, gets an error of the proxy's own, its connection breaks off, or its
// bytes go slowly; connections of bytes likewise.
import type { Socket } from 'node:net';
import type { MeshConfig } from '@malha/traffic/config';
import { type Fault, FaultClock, FaultInjector } from '@malha/traffic/fault/fault-injector';
import type { FaultRule } from '@malha/traffic/fault/rule';
import type { Exchange } from '../../exchange/exchange.ts';
import type { PaceEnvironment } from '../../exchange/paced-bytes.ts';
import { ProxyError } from '../../exchange/proxy-error.ts';
import { type TimerWheel, WheelTimer } from '../../exchange/timer-wheel.ts';
import type { RequestRecord, Telemetry } from '../../telemetry/record.ts';
import { HeldRequest } from '../held-request.ts';
import { LimitedView } from '../rate-limit/limited-view.ts';
import { FaultGuards, type PlacedFault } from './fault-guards.ts';
import { Throttle } from './throttle.ts';

export interface FaultEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  /** Unix time. */
  readonly now: () => number;
  readonly random: () => number;
  readonly telemetry: Pick<Telemetry, 'protection' | 'counter'>;
}

/** What becomes of the request; told once, at once or after the delay. */
export interface FaultOutcome {
  /** `fault`: it was delayed, or is to be slowed down. */
  goOn(fault: Fault | undefined): void;
  /** The answer, or the end of the client before its request went on. */
  fail(error: ProxyError): void;
  reset(): void;
}

/** Of a connection, before it goes anywhere. */
export interface ConnectionOutcome {
  goOn(fault: Fault | undefined): void;
  reset(): void;
}

/** What conditions see of a connection of bytes. */
const NO_REQUEST = { principal: undefined, method: '', path: '', header: () => undefined };

export class Faults {
  private readonly environment: FaultEnvironment;
  private readonly clock: FaultClock;
  private readonly guards: FaultGuards;
  private readonly injectors = new WeakMap<readonly FaultRule[], FaultInjector>();
  private readonly view = new LimitedView();

  constructor(environment: FaultEnvironment) {
    this.environment = environment;
    this.clock = new FaultClock(environment.now);
    this.guards = new FaultGuards((id) => this.stop(id), environment.monotonic);
  }

  /** The faults of a new configuration: those without a beginning count from now. */
  follow(placed: readonly PlacedFault[]): void {
    this.clock.keep(new Set(placed.map(({ rule }) => rule.id)));
    for (const { rule } of placed) this.clock.endOf(rule);
    this.guards.follow(placed);
  }

  /** Each request that ended: too many failures stop a fault. */
  observe(record: RequestRecord): void {
    this.guards.observe(record);
  }

  /** Before the request is forwarded. A tunnel is left alone: each of its directions ends by itself. */
  throttle(exchange: Exchange, fault: Fault): Throttle | undefined {
    if (fault.bandwidth === undefined || exchange.request.upgrade !== '') return undefined;
    const throttle = Throttle.on(exchange, fault.bandwidth, this.paceOf(fault));
    exchange.notes.pace = throttle;
    return throttle;
  }

  /** For the bytes of what a fault slows down: they go as fast as they can when it ends. */
  paceOf({ end }: Fault): PaceEnvironment {
    const { wheel, monotonic, now } = this.environment;
    return { wheel, monotonic, isOver: () => now() >= end.atMs };
  }

  /** A client that leaves while it is delayed is noticed when its connection goes on. */
  injectConnection(socket: Socket, rules: readonly FaultRule[], outcome: ConnectionOutcome): void {
    const { now, random, telemetry, wheel, monotonic } = this.environment;
    const fault = this.injectorOf(rules).draw(NO_REQUEST, now(), random);
    if (fault === undefined) {
      outcome.goOn(undefined);
      return;
    }
    telemetry.protection(nameOf(fault.rule), true);
    const act = () => (fault.isReset ? outcome.reset() : outcome.goOn(fault));
    if (fault.delayMs === 0) act();
    else {
      const ignored = () => undefined;
      socket.on('error', ignored);
      const goOn = () => {
        socket.removeListener('error', ignored);
        act();
      };
      wheel.arm(new WheelTimer({ timerFired: goOn }), monotonic() + fault.delayMs);
    }
  }

  inject(exchange: Exchange, rules: readonly FaultRule[], outcome: FaultOutcome): void {
    const fault = this.draw(exchange, rules);
    if (fault === undefined) {
      outcome.goOn(undefined);
      return;
    }
    exchange.notes.protection = nameOf(fault.rule);
    exchange.notes.faultDelayMs = fault.delayMs;
    if (fault.delayMs === 0) this.act(fault, outcome);
    else this.delay(exchange, fault, outcome);
  }

  private draw(exchange: Exchange, rules: readonly FaultRule[]): Fault | undefined {
    const { now, random, telemetry } = this.environment;
    this.view.show(exchange);
    const fault = this.injectorOf(rules).draw(this.view, now(), random);
    this.view.hide();
    if (fault !== undefined) telemetry.protection(nameOf(fault.rule), true);
    return fault;
  }

  private injectorOf(rules: readonly FaultRule[]): FaultInjector {
    const known = this.injectors.get(rules);
    if (known !== undefined) return known;
    const injector = new FaultInjector(rules, this.clock);
    this.injectors.set(rules, injector);
    return injector;
  }

  private stop(id: string): void {
    if (this.clock.stop(id)) this.environment.telemetry.counter('fault-stopped');
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

  private act(fault: Fault, outcome: FaultOutcome): void {
    const { rule, abort, isReset } = fault;
    if (isReset) outcome.reset();
    else if (abort === undefined) outcome.goOn(fault);
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

/** Every fault of a configuration, where it is. */
export function faultsOf({ routeTables, tcp = [] }: Pick<MeshConfig, 'routeTables' | 'tcp'>): PlacedFault[] {
  const routes = routeTables.flatMap(({ virtualHosts }) => virtualHosts.flatMap((host) => host.routes));
  return [
    ...routes.flatMap(({ name, action }) =>
      action.type === 'forward' ? (action.faults ?? []).map((rule) => ({ route: name, rule })) : [],
    ),
    ...tcp.flatMap(({ faults = [] }) => faults.map((rule) => ({ route: '', rule }))),
  ];
}

function nameOf({ id }: FaultRule): string {
  return `FaultInjection ${id}`;
}
