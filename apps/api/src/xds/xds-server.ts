// The xDS server of the control plane: delta ADS for proxies, each with the snapshot of its own workload.

import { status } from '@grpc/grpc-js';
import type { SpiffeIdentity } from '@malha/identity';
import type { WorldIndex } from '@malha/policies';
import type { Clock } from '@malha/traffic/clock';
import type { BidiHandlers, discoveryService } from '@malha/xds/services';
import { processTimers, type Timers } from '@malha/xds/timers';
import { domainErrorOf } from '../errors.ts';
import type { Dialect } from './dialects/dialect.ts';
import { envoyDialect } from './dialects/envoy/index.ts';
import { malhaDialect } from './dialects/malha/index.ts';
import { XdsError } from './errors.ts';
import { type Nack, Propagation } from './propagation/propagation.ts';
import { Pusher } from './push/pusher.ts';
import { admits, type CallerIdentity } from './server/admission.ts';
import { Proxies } from './server/proxies.ts';
import { ResponseMemo } from './server/response-memo.ts';
import { type DeltaCall, Session } from './server/session.ts';
import type { WorldSource } from './world-source.ts';

/** Agents register just before they ask for configuration; who is still unknown then has to come again. */
const REGISTRATION_DEADLINE_MS = 30_000;

export interface XdsLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Who has a stream, by its certificate. */
export interface XdsCaller {
  readonly identity: SpiffeIdentity;
  /** End of the certificate; the stream ends with it. */
  readonly notAfterMs: number;
}

/** Hears what is worth counting. */
export interface XdsObserver {
  sent(typeUrl: string): void;
  refused(typeUrl: string): void;
  /** A proxy that had to change for a revision is active on it. */
  arrived(latencyMs: number): void;
}

export interface XdsServerDeps {
  readonly source: WorldSource;
  /** Throws when the caller has no acceptable certificate. */
  readonly identify: (call: DeltaCall) => XdsCaller;
  /** Converts a failure into what the caller may see. */
  readonly toGrpcFailure: (error: unknown) => { readonly code: status; readonly details: string };
  readonly logger: XdsLogger;
  readonly clock: Clock;
  readonly timers?: Timers;
  readonly observer?: XdsObserver;
  /** Workloads (`<namespace>/<name>`) that call one of these services: they get a change of them first. Absent = all at once. */
  readonly callersOf?: (services: ReadonlySet<string>) => ReadonlySet<string>;
}

type Handlers = Pick<BidiHandlers<typeof discoveryService>, 'DeltaAggregatedResources' | 'StreamAggregatedResources'>;

export interface XdsServer {
  /** For the port with mutual TLS. */
  readonly implementation: Handlers;
  /** For the plaintext port: loopback or a unix socket only, callers are taken at their word. */
  readonly trustedImplementation: Handlers;
  readonly propagation: Propagation;
  /** An agent reports what its proxy serves, and what it refused. */
  onServed(workload: string, hash: string, atMs: number, refused?: readonly Nack[]): void;
  /** The identity is revoked, or the workload is taken away: its streams end. */
  disconnect(workload: string): void;
  /** Proxies with a stream to this replica. */
  connections(): number;
  start(): void;
  close(): void;
}

export function createXdsServer(deps: XdsServerDeps): XdsServer {
  return new Server(deps);
}

interface Waiting {
  readonly identity: CallerIdentity;
  readonly cancelDeadline: () => void;
}

class Server implements XdsServer {
  readonly propagation = new Propagation();
  readonly implementation: Handlers;
  readonly trustedImplementation: Handlers;
  readonly #deps: XdsServerDeps;
  readonly #timers: Timers;
  readonly #proxies = new Proxies();
  readonly #memo = new ResponseMemo();
  readonly #pusher: Pusher;
  readonly #dialects: ReadonlyMap<Dialect['name'], Dialect> = new Map([
    [malhaDialect.name, malhaDialect],
    [envoyDialect.name, envoyDialect],
  ]);
  /** Streams of workloads that are not registered yet. */
  readonly #waiting = new Map<Session, Waiting>();

  constructor(deps: XdsServerDeps) {
    this.#deps = deps;
    this.#timers = deps.timers ?? processTimers;
    this.implementation = this.#handlers((call) => deps.identify(call));
    this.trustedImplementation = this.#handlers(() => 'trusted');
    this.propagation.onArrival((latencyMs) => deps.observer?.arrived(latencyMs));
    this.#pusher = new Pusher({
      source: deps.source,
      proxies: this.#proxies,
      callersOf: deps.callersOf ?? (() => new Set()),
      propagation: this.propagation,
      memo: this.#memo,
      dialectOf: (model) => this.#dialects.get(model === 'envoy' ? 'envoy' : 'malha') ?? malhaDialect,
      clock: deps.clock,
      timers: this.#timers,
      onPushed: (index) => this.#admitWaiting(index),
      onUnencodable: (scope, error) =>
        deps.logger.error({ scope, code: error.code, err: error }, 'a resource cannot be encoded and stays as it was'),
      onStageDeadline: (workloads) =>
        deps.logger.warn({ workloads }, 'a change of mTLS modes goes on without these proxies'),
    });
  }

  start(): void {
    this.#pusher.start();
  }

  close(): void {
    this.#pusher.close();
    const gone = new XdsError('unavailable', 'MALHA5065', 'the control plane shuts down');
    for (const { sessions } of this.#proxies) for (const session of [...sessions]) session.end(gone);
    for (const session of [...this.#waiting.keys()]) session.end(gone);
  }

  connections(): number {
    let connected = 0;
    for (const { sessions } of this.#proxies) if (sessions.size > 0) connected += 1;
    return connected;
  }

  onServed(workload: string, hash: string, atMs: number, refused: readonly Nack[] = []): void {
    // An agent that has nothing in use yet, or whose Envoy says by ACKs what it serves, reports no hash.
    if (hash !== '') this.propagation.served(workload, hash, atMs);
    if (refused.length > 0) this.propagation.nacked(workload, refused);
    this.#pusher.check();
  }

  disconnect(workload: string): void {
    const error = new XdsError('forbidden', 'MALHA5063', `${workload} may not have its configuration any more`);
    for (const session of [...(this.#proxies.get(workload)?.sessions ?? [])]) session.end(error);
  }

  #handlers(identify: (call: DeltaCall) => XdsCaller | 'trusted'): Handlers {
    return {
      DeltaAggregatedResources: (call) => this.#open(call, identify),
      StreamAggregatedResources: (call) => {
        call.emit('error', { code: status.UNIMPLEMENTED, details: 'only delta ADS is served' });
      },
    };
  }

  #open(call: DeltaCall, identify: (call: DeltaCall) => XdsCaller | 'trusted'): void {
    new Session({
      call,
      timers: this.#timers,
      memo: this.#memo,
      dialects: this.#dialects,
      onNode: (session) => this.#admit(session, this.#limited(session, identify(call))),
      onSent: (typeUrl) => this.#deps.observer?.sent(typeUrl),
      onAck: (session) => this.#acked(session),
      onNack: (session, typeUrl, message) => this.#nacked(session, typeUrl, message),
      onClose: (session) => this.#closed(session),
      onError: (_, error) => this.#failure(error),
    });
  }

  #failure(error: unknown): { readonly code: status; readonly details: string } {
    if (domainErrorOf(error) === undefined) this.#deps.logger.error({ err: error }, 'an xDS stream failed');
    return this.#deps.toGrpcFailure(error);
  }

  /** No stream outlives the certificate that it was opened with. */
  #limited(session: Session, caller: XdsCaller | 'trusted'): CallerIdentity {
    if (caller === 'trusted') return caller;
    session.endAfter(
      caller.notAfterMs - this.#deps.clock.now(),
      new XdsError('unauthenticated', 'MALHA5059', 'the certificate of this stream expired: connect anew'),
    );
    return caller.identity;
  }

  #admit(session: Session, identity: CallerIdentity): void {
    const { index } = this.#pusher;
    if (index !== undefined && admits(index, session.node.workload, identity) === true) {
      this.#attach(session);
      return;
    }
    const cancelDeadline = this.#timers.after(REGISTRATION_DEADLINE_MS, () =>
      session.end(new XdsError('unavailable', 'MALHA5064', `${session.node.workload} is not registered`)),
    );
    this.#waiting.set(session, { identity, cancelDeadline });
  }

  #admitWaiting(index: WorldIndex): void {
    for (const [session, { identity, cancelDeadline }] of this.#waiting) {
      try {
        if (admits(index, session.node.workload, identity) !== true) continue;
      } catch (error) {
        session.end(error);
        continue;
      }
      cancelDeadline();
      this.#waiting.delete(session);
      this.#attach(session);
    }
  }

  #attach(session: Session): void {
    const record = this.#proxies.attach(session);
    this.propagation.connected(record.workload, true, this.#deps.clock.now());
    this.#pusher.welcome(record);
    if (record.wanted !== undefined && session.snapshot === undefined) session.setSnapshot(record.wanted);
  }

  /** A client without an agent says no more than its ACKs. */
  #acked(session: Session): void {
    const { snapshot } = session;
    if (session.dialect.name === 'malha' || snapshot === undefined || !session.isSettled) return;
    const { workload } = session.node;
    this.propagation.served(workload, snapshot.hash, this.#deps.clock.now(), 'acked');
    this.#pusher.check();
  }

  #nacked(session: Session, typeUrl: string, message: string): void {
    const { workload } = session.node;
    this.#deps.logger.warn({ workload, typeUrl, reason: message }, 'a proxy refused a configuration');
    this.#deps.observer?.refused(typeUrl);
    this.propagation.nacked(workload, [{ typeUrl, name: '', message }]);
  }

  #closed(session: Session): void {
    this.#waiting.get(session)?.cancelDeadline();
    if (this.#waiting.delete(session)) return;
    if (!session.hasNode) return;
    const record = this.#proxies.detach(session);
    if (record === undefined) return;
    this.propagation.connected(record.workload, false, this.#deps.clock.now());
    this.#pusher.check();
  }
}
