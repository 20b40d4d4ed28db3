// One attempt to connect to an endpoint: TCP, or mutual TLS with the peer's SPIFFE ID checked before any byte leaves.
import type { X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type DetailedPeerCertificate } from 'node:tls';
import type { Endpoint, UpstreamTls } from '@malha/traffic/config';
import { ProxyError } from '../exchange/proxy-error.ts';
import { type TimerTarget, type TimerWheel, WheelTimer } from '../exchange/timer-wheel.ts';
import { ReusedReads } from '../tcp/reused-reads.ts';
import type { WorkloadTls } from './identity.ts';

export type HttpVersion = 'h2' | 'http/1.1';

/** Offered to a peer, best first. */
const ALPN: readonly HttpVersion[] = ['h2', 'http/1.1'];
const ALPN_HTTP1: readonly HttpVersion[] = ['http/1.1'];

/** Probes of an established connection find a peer that vanished without a word. */
const KEEP_ALIVE_PROBE_MS = 30_000;

export interface DialTarget {
  readonly endpoint: Endpoint;
  readonly tls: UpstreamTls;
  readonly connectTimeoutMs: number;
  /**
   * Over TLS only `http/1.1` is a demand, the rest is negotiated; in plaintext it is what the endpoint speaks. `raw` is
   * no HTTP at all: nothing is offered by ALPN.
   */
  readonly version: HttpVersion | 'raw' | undefined;
}

export interface DialEnvironment {
  readonly wheel: TimerWheel;
  readonly monotonic: () => number;
  readonly now: () => number;
  /** Undefined: this workload has no certificate (yet). */
  identity(): WorkloadTls | undefined;
}

export interface DialResult {
  connected(socket: Socket, version: HttpVersion): void;
  failed(error: ProxyError): void;
}

/** Ends in exactly one of `connected` and `failed`, at the latest when the timeout has passed. */
export class Dial implements TimerTarget {
  private readonly target: DialTarget;
  private readonly environment: DialEnvironment;
  private readonly result: DialResult;
  private readonly timer = new WheelTimer(this);
  private socket: Socket | undefined;
  private isSettled = false;

  constructor(target: DialTarget, environment: DialEnvironment, result: DialResult) {
    this.target = target;
    this.environment = environment;
    this.result = result;
  }

  start(): void {
    const { environment, target } = this;
    environment.wheel.arm(this.timer, environment.monotonic() + target.connectTimeoutMs);
    if (target.endpoint.tls) this.startTls();
    else this.startPlain();
  }

  cancel(): void {
    this.settle();
    this.socket?.destroy();
  }

  timerFired(): void {
    this.fail(
      new ProxyError('connectFailed', `${this.where()}: no connection within ${this.target.connectTimeoutMs} ms`),
    );
  }

  private startPlain(): void {
    const { address, port } = this.target.endpoint;
    const { version } = this.target;
    // The frames of HTTP/2 are views on what was read, and may be kept.
    const reads = version === 'h2' ? undefined : new ReusedReads();
    const socket = connect({ host: address, port, noDelay: true, allowHalfOpen: true, ...onreadOf(reads) });
    this.socket = socket;
    reads?.belongTo(socket);
    socket.once('connect', () => this.succeed(socket, version === 'h2' ? 'h2' : 'http/1.1'));
    this.watch(socket);
  }

  private startTls(): void {
    const { endpoint, tls } = this.target;
    const identity = this.environment.identity();
    if (identity === undefined) {
      this.fail(
        new ProxyError('noIdentity', `${this.where()}: the peer takes only mTLS and there is no certificate yet`),
      );
      return;
    }
    const reads = this.target.version === 'raw' ? new ReusedReads() : undefined;
    const peer = `${endpoint.address}:${endpoint.port} ${tls.serverName}`;
    const known = identity.sessions.get(peer);
    const socket = connectTls({
      host: endpoint.address,
      port: endpoint.port,
      servername: tls.serverName,
      secureContext: identity.context,
      ...(known !== undefined && { session: known.session }),
      ...alpnOf(this.target.version),
      // The name that counts is the SPIFFE ID, checked below; the chain is checked by the TLS library.
      checkServerIdentity: () => undefined,
      rejectUnauthorized: true,
      ...onreadOf(reads),
    });
    this.socket = socket;
    // Node would decode the peer's whole chain for `checkServerIdentity`, a sixth of a handshake's cost.
    socket.getPeerCertificate = noCertificate;
    reads?.belongTo(socket);
    socket.setNoDelay(true);
    socket.once('secureConnect', () => {
      const isResumed = socket.isSessionReused();
      const certificate = isResumed ? known?.certificate : socket.getPeerX509Certificate();
      if (!this.checkPeer(certificate, identity)) {
        identity.sessions.delete(peer);
        return;
      }
      // Its ticket comes after the handshake, with the first bytes that are read.
      if (!isResumed && certificate !== undefined)
        socket.once('session', (session: Buffer) => identity.sessions.set(peer, { session, certificate }));
      this.succeed(socket, socket.alpnProtocol === 'h2' ? 'h2' : 'http/1.1');
    });
    this.watch(socket);
  }

  /** False: it is not who is called, and the dial has failed. */
  private checkPeer(certificate: X509Certificate | undefined, identity: WorkloadTls): boolean {
    try {
      if (certificate === undefined) throw new Error('the peer showed no certificate');
      const peer = identity.verify(certificate, 'server', this.environment.now());
      if (!this.target.tls.spiffeIds.includes(peer.id))
        throw new Error(`the peer is ${peer.id}, not ${this.target.tls.spiffeIds.join(' or ') || 'anybody expected'}`);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.fail(new ProxyError('peerIdentity', `${this.where()}: ${reason}`, { cause }));
      return false;
    }
    return true;
  }

  private watch(socket: Socket): void {
    socket.on('error', this.onError);
    socket.once('close', this.onClose);
  }

  private readonly onError = (cause: Error): void => {
    this.fail(new ProxyError('connectFailed', `${this.where()}: ${cause.message}`, { cause }));
  };

  private readonly onClose = (): void => {
    this.fail(new ProxyError('connectFailed', `${this.where()}: closed while connecting`));
  };

  private succeed(socket: Socket, version: HttpVersion): void {
    if (this.isSettled) return;
    this.settle();
    socket.removeListener('close', this.onClose);
    socket.removeListener('error', this.onError);
    socket.setKeepAlive(true, KEEP_ALIVE_PROBE_MS);
    this.result.connected(socket, version);
  }

  private fail(error: ProxyError): void {
    if (this.isSettled) return;
    this.settle();
    this.socket?.destroy();
    this.result.failed(error);
  }

  private settle(): void {
    this.isSettled = true;
    this.environment.wheel.disarm(this.timer);
  }

  private where(): string {
    const { workload, address, port } = this.target.endpoint;
    return `${workload} at ${address}:${port}`;
  }
}

function alpnOf(version: DialTarget['version']): { ALPNProtocols?: string[] } {
  if (version === 'raw') return {};
  return { ALPNProtocols: [...(version === 'http/1.1' ? ALPN_HTTP1 : ALPN)] };
}

function onreadOf(reads: ReusedReads | undefined): { onread?: ReusedReads['onread'] } {
  return reads === undefined ? {} : { onread: reads.onread };
}

/** For Node, which only hands it to `checkServerIdentity`; ours is checked by `getPeerX509Certificate`. */
function noCertificate(): DetailedPeerCertificate {
  return {} as DetailedPeerCertificate;
}
