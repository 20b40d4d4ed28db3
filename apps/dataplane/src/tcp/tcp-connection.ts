// One client connection of bytes: an endpoint is connected to at once, then both are one until both have ended.
import type { Socket } from 'node:net';
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { Endpoint } from '@malha/traffic/config';
import { RequestFlags } from '@malha/traffic/flags';
import type { ClusterRuntime, RawDial } from '../cluster/cluster-runtime.ts';
import type { ProxyError } from '../exchange/proxy-error.ts';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';
import type { ServedConnection } from '../listener/server-context.ts';
import { NOT_OPEN, type OpenStream, type OpenStreams } from '../telemetry/open-streams.ts';
import type { ProxyCounter } from '../telemetry/record.ts';
import { BytePipe, type PipeEnd, type PipeOwner } from './byte-pipe.ts';
import type { Opening } from './first-speaker.ts';
import type { PipeThrottle } from './pipe-throttle.ts';
import { abort } from './reset.ts';

/** Nothing has been sent before a connection is there, so another endpoint can be tried without a risk. */
const ATTEMPTS_MAX = 3;

/**
 * Silence of a connection of which one direction has ended. Between proxies a client that broke off looks like one that
 * has said all (Node hides whether close_notify came), and nobody would end what is left of it.
 */
const HALF_CLOSED_IDLE_MS = 60_000;

export interface TcpEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly openStreams: OpenStreams;
  count(event: ProxyCounter): void;
}

export interface TcpPlan<N> {
  readonly cluster: ClusterRuntime;
  /** Silence in both directions for so long ends it. */
  readonly idleTimeoutMs: number;
  readonly notes: N;
  readonly throttle?: PipeThrottle | undefined;
}

/** Who started it; `N` is what it wants to know again at the end. */
export interface TcpOwner<N> {
  /** At its end, and as often before as it is asked how far it has come. */
  report(connection: TcpConnection<N>): void;
}

export class TcpConnection<N> implements ServedConnection, PipeOwner, TimerTarget, OpenStream {
  readonly isIdle = false;
  readonly cluster: ClusterRuntime;
  readonly notes: N;
  readonly startMs: number;
  endpoint: Endpoint | undefined;
  attempts = 0;
  flags = 0;
  openIndex = NOT_OPEN;
  ttfbMs = -1;
  private readonly client: Socket;
  private readonly idleTimeoutMs: number;
  private readonly throttle: PipeThrottle | undefined;
  private readonly environment: TcpEnvironment;
  private readonly owner: TcpOwner<N>;
  private readonly timer = new WheelTimer(this);
  /** Endpoints that could not be connected to. */
  private readonly tried: BalancedEndpoint[] = [];
  private dial: RawDial | undefined;
  private pipe: BytePipe | undefined;
  private bytesSeen = 0;
  private clientBytesTold = 0;
  private upstreamBytesTold = 0;
  private isOver = false;
  /** Of a client that ended before this began. */
  private saidAll: Buffer | undefined;

  constructor(client: Socket, plan: TcpPlan<N>, environment: TcpEnvironment, owner: TcpOwner<N>) {
    this.client = client;
    this.cluster = plan.cluster;
    this.notes = plan.notes;
    this.idleTimeoutMs = plan.idleTimeoutMs;
    this.throttle = plan.throttle;
    this.environment = environment;
    this.owner = owner;
    this.startMs = environment.monotonic();
  }

  /** Of these two, what was not reported before. */
  get clientBytes(): number {
    return (this.pipe?.clientBytes ?? 0) - this.clientBytesTold;
  }

  get upstreamBytes(): number {
    return (this.pipe?.upstreamBytes ?? 0) - this.upstreamBytesTold;
  }

  /** Nobody said a word. */
  get isSilent(): boolean {
    return this.pipe === undefined || this.pipe.clientBytes + this.pipe.upstreamBytes === 0;
  }

  get isProgress(): boolean {
    return !this.isOver;
  }

  reportProgress(): void {
    if (this.pipe === undefined || this.clientBytes + this.upstreamBytes === 0) return;
    this.owner.report(this);
    this.clientBytesTold = this.pipe.clientBytes;
    this.upstreamBytesTold = this.pipe.upstreamBytes;
  }

  /** With an upstream of the cluster that is there already, it is not connected to anew. */
  start({ upstream, saidAll }: Opening = {}): void {
    this.saidAll = saidAll;
    // A client that has said everything before the upstream is there still gets the answer.
    this.client.allowHalfOpen = true;
    this.client.on('error', this.onClientGone);
    this.client.once('close', this.onClientGone);
    if (upstream === undefined) this.connect();
    else {
      this.attempts = 1;
      this.connected(upstream.socket, upstream.endpoint);
    }
  }

  destroy(): void {
    if (this.pipe === undefined) this.client.destroy();
    else this.pipe.destroy();
    this.finish(RequestFlags.DC);
  }

  /** There is no word for it: the connection may go on until the deadline. */
  drain(): void {}

  // ——— the upstream ———

  private connect(): void {
    this.attempts++;
    const { tried } = this;
    const sourceAddress = this.client.remoteAddress ?? '';
    const dial = this.cluster.connectRaw(tried.length === 0 ? { sourceAddress } : { sourceAddress, avoid: tried }, {
      connected: (socket, endpoint) => this.connected(socket, endpoint),
      failed: (error, picked) => this.connectFailed(error, picked),
    });
    // A failure may be told, and the next attempt begun, within the call.
    if (dial !== undefined && this.pipe === undefined && !this.isOver) this.dial = dial;
  }

  private connected(socket: Socket, endpoint: Endpoint): void {
    this.dial = undefined;
    this.endpoint = endpoint;
    this.client.removeListener('error', this.onClientGone);
    this.client.removeListener('close', this.onClientGone);
    this.pipe = new BytePipe(this.client, socket, this, this.throttle);
    this.environment.openStreams.add(this);
    if (this.saidAll === undefined) this.watchSilence();
    else this.pipe.clientHasSaid(this.saidAll);
    this.saidAll = undefined;
  }

  private connectFailed(error: ProxyError, picked: BalancedEndpoint | undefined): void {
    this.dial = undefined;
    if (this.isOver) return;
    this.endpoint = picked?.endpoint;
    if (error.flag === 'UF' && picked !== undefined && this.attempts < ATTEMPTS_MAX) {
      this.tried.push(picked);
      this.connect();
      return;
    }
    this.client.removeListener('close', this.onClientGone);
    abort(this.client);
    this.finish(error.flag === '' ? 0 : RequestFlags[error.flag]);
  }

  private readonly onClientGone = (): void => {
    this.dial?.cancel();
    this.client.destroy();
    this.finish(RequestFlags.DC);
  };

  // ——— of the pipe ———

  directionEnded(): void {
    this.watchSilence();
  }

  upstreamSpoke(): void {
    this.ttfbMs = this.environment.monotonic() - this.startMs;
  }

  pipeEnded(end: PipeEnd): void {
    if (end === 'both-ended') this.finish(0);
    else this.finish(end === 'client-failed' ? RequestFlags.DC : RequestFlags.UC);
  }

  timerFired(): void {
    const bytes = (this.pipe?.clientBytes ?? 0) + (this.pipe?.upstreamBytes ?? 0);
    if (bytes === this.bytesSeen) {
      this.environment.count('idle-closed');
      this.pipe?.destroy();
      this.finish(0);
      return;
    }
    this.bytesSeen = bytes;
    this.watchSilence();
  }

  private watchSilence(): void {
    if (this.isOver) return;
    const { wheel, monotonic } = this.environment;
    const isHalfClosed = this.pipe?.isHalfClosed === true;
    const silenceMs = isHalfClosed ? Math.min(this.idleTimeoutMs, HALF_CLOSED_IDLE_MS) : this.idleTimeoutMs;
    wheel.arm(this.timer, monotonic() + silenceMs);
  }

  private finish(flags: number): void {
    if (this.isOver) return;
    this.isOver = true;
    this.flags |= flags;
    this.environment.wheel.disarm(this.timer);
    this.environment.openStreams.delete(this);
    this.owner.report(this);
  }
}
