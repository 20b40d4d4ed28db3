// A plaintext port of bytes: the application is connected to at once, and whoever speaks first decides what it is.
import type { Socket } from 'node:net';
import type { Endpoint } from '@malha/traffic/config';
import type { ClusterRuntime, RawDial } from '../cluster/cluster-runtime.ts';
import { type TimerTarget, WheelTimer } from '../exchange/timer-wheel.ts';
import { CLIENT_HELLO_BYTES_MAX, parseClientHello } from './client-hello.ts';
import { ReusedReads } from './reused-reads.ts';
import type { TcpEnvironment } from './tcp-connection.ts';

export interface Connected {
  readonly socket: Socket;
  readonly endpoint: Endpoint;
}

export interface FirstSpeakerOptions {
  readonly app: ClusterRuntime;
  readonly environment: TcpEnvironment;
  /** How long a greeting of the application waits for a client that may be about to say a ClientHello. */
  readonly greetingHoldMs: number;
  /** Nobody says a word for so long. */
  readonly idleTimeoutMs: number;
  /** Whether a ClientHello of this server name is of a proxy of the mesh; any other is the application's own. */
  isOfMesh(serverName: string): boolean;
  /** Mutual TLS; the bytes are unread. */
  tlsBegins(socket: Socket): void;
  /** Bytes; undefined when the application could not be connected to. */
  bytesBegin(socket: Socket, upstream: Connected | undefined): void;
}

export class FirstSpeaker implements TimerTarget {
  private readonly client: Socket;
  private readonly options: FirstSpeakerOptions;
  private readonly timer = new WheelTimer(this);
  private dial: RawDial | undefined;
  private upstream: Connected | undefined;
  private held: Buffer | undefined;
  private isGreeted = false;
  private isDialOver = false;
  private isDecided = false;

  constructor(client: Socket, options: FirstSpeakerOptions) {
    this.client = client;
    this.options = options;
    client.on('readable', this.onClientReadable);
    client.once('end', this.onGone);
    client.once('close', this.onGone);
    client.on('error', this.onGone);
    this.arm(options.idleTimeoutMs);
    this.dial = options.app.connectRaw(
      { sourceAddress: '' },
      {
        connected: (socket, endpoint) => this.connected({ socket, endpoint }),
        failed: () => {
          this.isDialOver = true;
          this.begin(undefined);
        },
      },
    );
  }

  timerFired(): void {
    if (this.isGreeted) this.begin(this.upstream);
    else this.onGone();
  }

  private connected(upstream: Connected): void {
    this.upstream = upstream;
    this.isDialOver = true;
    const reads = ReusedReads.of(upstream.socket);
    upstream.socket.on('error', this.onGone);
    if (this.held !== undefined && this.isBytes(this.held)) this.begin(upstream);
    else if (reads !== undefined) reads.onEarly = this.onGreeting;
  }

  /** What it says is kept for whoever carries the bytes on. */
  private readonly onGreeting = (): void => {
    if (this.isGreeted) return;
    this.isGreeted = true;
    if (this.options.greetingHoldMs === 0) this.begin(this.upstream);
    else this.arm(this.options.greetingHoldMs);
  };

  private readonly onClientReadable = (): void => {
    const read: Buffer | null = this.client.read();
    if (read === null) return;
    const bytes = this.held === undefined ? read : Buffer.concat([this.held, read]);
    this.held = bytes;
    const hello = parseClientHello(bytes);
    if (hello.type === 'read' && this.options.isOfMesh(hello.serverName)) this.beginTls();
    else if (this.isDialOver && this.isBytes(bytes)) this.begin(this.upstream);
  };

  /** No ClientHello, one of the application's own, or one that has no end. */
  private isBytes(bytes: Buffer): boolean {
    return parseClientHello(bytes).type !== 'incomplete' || bytes.length >= CLIENT_HELLO_BYTES_MAX;
  }

  private beginTls(): void {
    if (!this.release()) return;
    this.dial?.cancel();
    this.upstream?.socket.destroy();
    this.options.tlsBegins(this.client);
  }

  private begin(upstream: Connected | undefined): void {
    if (this.release()) this.options.bytesBegin(this.client, upstream);
  }

  private readonly onGone = (): void => {
    if (!this.release()) return;
    this.dial?.cancel();
    this.upstream?.socket.destroy();
    this.client.destroy();
  };

  /** False: it was decided before. */
  private release(): boolean {
    if (this.isDecided) return false;
    this.isDecided = true;
    const { client, upstream, held } = this;
    this.options.environment.wheel.disarm(this.timer);
    client.removeListener('readable', this.onClientReadable);
    client.removeListener('end', this.onGone);
    client.removeListener('close', this.onGone);
    client.removeListener('error', this.onGone);
    upstream?.socket.removeListener('error', this.onGone);
    if (held !== undefined) client.unshift(held);
    return true;
  }

  private arm(delayMs: number): void {
    const { wheel, monotonic } = this.options.environment;
    wheel.arm(this.timer, monotonic() + delayMs);
  }
}
