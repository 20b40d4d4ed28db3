// A port where bytes may be spoken: the upstream is connected to at once, and whoever speaks first decides what it is.
import type { Socket } from 'node:net';
import type { Endpoint } from '@malha/traffic/config';
import type { ClusterRuntime, RawDial } from '../cluster/cluster-runtime.ts';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import { CLIENT_HELLO_BYTES_MAX, parseClientHello } from './client-hello.ts';
import { ReusedReads } from './reused-reads.ts';
import { type SpokenProtocol, spokenProtocol } from './spoken-protocol.ts';
import type { TcpEnvironment } from './tcp-connection.ts';

/** How long a client that began a request line has to end it. */
const UNDECIDED_MAX_MS = 10_000;

/** How long a client whose upstream went away has to begin with HTTP, before it is told so. */
const LEFT_ALONE_MAX_MS = 1_000;

const UPSTREAM_ENDS = ['error', 'end', 'close'] as const;

export interface Connected {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
}

/** How far a connection of bytes has come before it begins. */
export interface Opening {
  /** Absent when it could not be connected to. */
  readonly upstream?: Connected | undefined;
  /** Bytes of a client that has ended its side already; nothing is left to be read of it. */
  readonly saidAll?: Buffer | undefined;
}

export interface MeshDetection {
  /** Whether a ClientHello of this server name is of a proxy of the mesh; any other is the application's own. */
  isOfMesh(serverName: string): boolean;
  /** Mutual TLS; the bytes are unread. */
  tlsBegins(socket: Socket): void;
}

/** Where nothing declares that all is bytes. Whoever takes the socket finds its bytes unread. */
export interface HttpDetection {
  http1Begins(socket: Socket): void;
  http2Begins(socket: Socket): void;
}

export interface FirstSpeakerOptions {
  readonly upstream: ClusterRuntime;
  /** Of the client, for balancers that look at it. */
  readonly sourceAddress: string;
  readonly environment: TcpEnvironment;
  /** How long a greeting of the upstream waits for a client that may be about to say a ClientHello. */
  readonly greetingHoldMs: number;
  /** Nobody says a word for so long. */
  readonly idleTimeoutMs: number;
  /** Absent: TLS is bytes like all others. */
  readonly mesh?: MeshDetection;
  /** Absent: HTTP is bytes like all others. */
  readonly http?: HttpDetection | undefined;
  bytesBegin(socket: Socket, opening: Opening): void;
}

export class FirstSpeaker implements TimerTarget {
  private readonly client: Socket;
  private readonly options: FirstSpeakerOptions;
  private readonly timer = new WheelTimer(this);
  private dial: RawDial | undefined;
  private upstream: Connected | undefined;
  /** Too little to tell. */
  private held: Buffer | undefined;
  private hasSaidAll = false;
  /** No more is read of it until the upstream is there. */
  private saysBytes = false;
  private isGreeted = false;
  private isDialOver = false;
  private isDecided = false;

  constructor(client: Socket, options: FirstSpeakerOptions) {
    this.client = client;
    this.options = options;
    client.on('readable', this.onClientReadable);
    client.once('end', this.onClientEnd);
    client.once('close', this.onGone);
    client.on('error', this.onGone);
    this.arm(options.idleTimeoutMs);
    const { sourceAddress } = options;
    const dial = options.upstream.connectRaw(
      { sourceAddress },
      {
        connected: (socket, endpoint) => this.connected({ socket, endpoint }),
        failed: () => this.upstreamFailed(),
      },
    );
    if (!this.isDialOver) this.dial = dial;
  }

  timerFired(): void {
    // Who has begun to speak, or whose upstream has gone, is told by what becomes of its bytes.
    if (this.isGreeted || this.held !== undefined || (this.isDialOver && this.upstream === undefined)) this.begin();
    else this.onGone();
  }

  // ——— the upstream ———

  private connected(upstream: Connected): void {
    this.dial = undefined;
    this.upstream = upstream;
    this.isDialOver = true;
    const { socket } = upstream;
    if (this.options.http === undefined) socket.on('error', this.onGone);
    else for (const event of UPSTREAM_ENDS) socket.on(event, this.onUpstreamGone);
    const reads = ReusedReads.of(socket);
    if (this.saysBytes) this.begin();
    else if (reads !== undefined) reads.onEarly = this.onGreeting;
  }

  /** What it says is kept for whoever carries the bytes on. */
  private readonly onGreeting = (): void => {
    if (this.isGreeted) return;
    this.isGreeted = true;
    if (this.options.greetingHoldMs === 0) this.begin();
    else this.arm(this.options.greetingHoldMs);
  };

  /** A greeting that it left behind is passed on all the same. */
  private readonly onUpstreamGone = (): void => {
    if (this.isGreeted) return;
    const { upstream } = this;
    this.leaveUpstream();
    upstream?.socket.destroy();
    this.upstreamFailed();
  };

  /** Bytes get another try, and then the end that a failure has. Requests have other connections than this one. */
  private upstreamFailed(): void {
    this.dial = undefined;
    this.isDialOver = true;
    if (this.options.http === undefined || this.saysBytes) this.begin();
    else if (this.held === undefined) this.arm(LEFT_ALONE_MAX_MS);
  }

  // ——— the client ———

  private readonly onClientReadable = (): void => {
    const read: Buffer | null = this.client.read();
    if (read === null) return;
    const { http, mesh } = this.options;
    const isFirst = this.held === undefined;
    const bytes = this.held === undefined ? read : Buffer.concat([this.held, read]);
    this.held = bytes;
    switch (this.spoken(bytes)) {
      case 'mesh':
        this.hand((client) => mesh?.tlsBegins(client));
        return;
      case 'http1':
        this.options.environment.count('detected-http1');
        this.hand((client) => http?.http1Begins(client));
        return;
      case 'http2':
        this.options.environment.count('detected-http2');
        this.hand((client) => http?.http2Begins(client));
        return;
      case 'bytes':
        this.bytesBegun();
        return;
      case undefined:
        if (isFirst && http !== undefined && !this.isGreeted) this.arm(UNDECIDED_MAX_MS);
        return;
    }
  };

  private readonly onClientEnd = (): void => {
    if (this.held === undefined) {
      this.onGone();
      return;
    }
    this.hasSaidAll = true;
    this.bytesBegun();
  };

  private bytesBegun(): void {
    this.saysBytes = true;
    this.client.removeListener('readable', this.onClientReadable);
    // While bytes are unread, an end of the client is not missed.
    if (!this.hasSaidAll) this.giveBack();
    if (this.isDialOver) this.begin();
  }

  private giveBack(): void {
    if (this.held !== undefined) this.client.unshift(this.held);
    this.held = undefined;
  }

  /** Undefined: the start of a ClientHello or of a request line, which more has to come of. */
  private spoken(bytes: Buffer): SpokenProtocol | 'mesh' | undefined {
    const { mesh, http } = this.options;
    if (mesh !== undefined) {
      const hello = parseClientHello(bytes);
      if (hello.type === 'read') return mesh.isOfMesh(hello.serverName) ? 'mesh' : 'bytes';
      if (hello.type === 'incomplete') return bytes.length < CLIENT_HELLO_BYTES_MAX ? undefined : 'bytes';
    }
    return http === undefined ? 'bytes' : spokenProtocol(bytes);
  }

  // ——— the end of it ———

  /** To who speaks a protocol of ours, with connections of its own. */
  private hand(take: (client: Socket) => void): void {
    const { upstream } = this;
    if (!this.release()) return;
    this.dial?.cancel();
    upstream?.socket.destroy();
    take(this.client);
  }

  private begin(): void {
    const { upstream } = this;
    const saidAll = this.hasSaidAll ? this.held : undefined;
    if (!this.release()) return;
    const { http, environment, bytesBegin } = this.options;
    if (http !== undefined) environment.count(this.isGreeted ? 'detected-greeting' : 'detected-bytes');
    bytesBegin(this.client, { upstream, saidAll });
  }

  private readonly onGone = (): void => {
    const { upstream } = this;
    if (!this.release()) return;
    this.dial?.cancel();
    upstream?.socket.destroy();
    this.client.destroy();
  };

  /** False: it was decided before. */
  private release(): boolean {
    if (this.isDecided) return false;
    this.isDecided = true;
    const { client } = this;
    this.options.environment.wheel.disarm(this.timer);
    client.removeListener('readable', this.onClientReadable);
    client.removeListener('end', this.onClientEnd);
    client.removeListener('close', this.onGone);
    client.removeListener('error', this.onGone);
    this.leaveUpstream();
    if (!this.hasSaidAll) this.giveBack();
    return true;
  }

  /** To whoever has it from now on, or nobody. */
  private leaveUpstream(): void {
    const socket = this.upstream?.socket;
    this.upstream = undefined;
    socket?.removeListener('error', this.onGone);
    for (const event of UPSTREAM_ENDS) socket?.removeListener(event, this.onUpstreamGone);
  }

  private arm(delayMs: number): void {
    const { wheel, monotonic } = this.options.environment;
    wheel.arm(this.timer, monotonic() + delayMs);
  }
}
