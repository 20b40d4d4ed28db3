// One agent session: Hello first, then beats and reports, until it says Goodbye, falls silent, or loses its right.
import type { Clock } from '@malha/traffic/clock';
import { RateLimiter } from '../ca/rate-limiter.ts';
import type { Registry } from '../registry/registry.ts';
import type { SessionInfo } from '../registry/sessions.ts';
import { AgentError, certificateExpired } from './errors.ts';
import type { AgentStream, FromAgent, ServedReport, ToAgent } from './messages.ts';
import type { Peer } from './peer-identity.ts';

export const HEARTBEAT_INTERVAL_MS = 1_000;
/** One beat a second, a report per change (at most some twenty a second), a dump now and then. */
const MESSAGE_LIMIT = { burst: 300, perSecond: 60 };
const HASH_MAX = 128;

export interface SessionDeps {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly onServed: (report: ServedReport) => void;
  readonly onDump: (requestId: string, json: Uint8Array) => void;
}

type State =
  | { readonly phase: 'new' }
  | { readonly phase: 'open'; readonly info: SessionInfo; servedHash: string }
  | { readonly phase: 'over' };

export class AgentSession {
  readonly peer: Peer;
  readonly connectedAtMs: number;
  readonly #deps: SessionDeps;
  readonly #stream: AgentStream;
  readonly #limiter: RateLimiter;
  #state: State = { phase: 'new' };

  constructor(deps: SessionDeps, peer: Peer, stream: AgentStream) {
    this.peer = peer;
    this.connectedAtMs = deps.clock.now();
    this.#deps = deps;
    this.#stream = stream;
    this.#limiter = new RateLimiter(MESSAGE_LIMIT, deps.clock);
  }

  /** `namespace/name` once Hello was taken. */
  get workload(): string | undefined {
    return this.#state.phase === 'open' ? `${this.#state.info.namespace}/${this.#state.info.name}` : undefined;
  }

  /** Of the registry, as the workload's row names it. */
  get id(): string | undefined {
    return this.#state.phase === 'open' ? this.#state.info.session : undefined;
  }

  /** Throws what ends the session. Messages are handled one after the other. */
  async receive(message: FromAgent): Promise<void> {
    if (!this.#limiter.tryTake('session')) throw new AgentError('rate-limited', 'MALHA5055', 'too many messages');
    const state = this.#state;
    switch (state.phase) {
      case 'new':
        return this.#hello(message);
      case 'open':
        return this.#message(state, message);
      case 'over':
        return;
    }
  }

  send(message: ToAgent): void {
    this.#stream.send(message);
  }

  end(failure?: Error): void {
    this.#state = { phase: 'over' };
    this.#stream.end(failure);
  }

  async #hello(message: FromAgent): Promise<void> {
    if (message.type !== 'hello') {
      throw new AgentError('invalid', 'MALHA5055', `the first message must be Hello, not ${message.type}`);
    }
    const { hello } = message;
    const info = await this.#deps.registry.register(hello, this.peer);
    // The stream may have ended meanwhile; then nobody beats, and the workload goes out by silence.
    if (this.#state.phase !== 'new') return;
    this.#state = { phase: 'open', info, servedHash: '' };
    this.send({ type: 'welcome', heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS });
  }

  async #message(state: State & { phase: 'open' }, message: FromAgent): Promise<void> {
    switch (message.type) {
      case 'hello':
        throw new AgentError('invalid', 'MALHA5055', 'a second Hello in one session');
      case 'heartbeat':
        return this.#heartbeat(state, message);
      case 'served':
        return this.#served(state, message);
      case 'dump':
        return this.#deps.onDump(message.requestId, message.json);
      case 'goodbye':
        await this.#deps.registry.goodbye(state.info);
        return this.end();
    }
  }

  #heartbeat(state: State & { phase: 'open' }, { beat }: FromAgent & { type: 'heartbeat' }): void {
    if (this.#deps.clock.now() > this.peer.notAfterMs) {
      throw certificateExpired();
    }
    if (!this.#deps.registry.heartbeat(state.info, beat)) {
      throw new AgentError('unavailable', 'MALHA5056', 'this session no longer speaks for its workload: connect anew');
    }
    // A beat carries the hash too, in case the report before it was lost.
    if (beat.servedHash !== state.servedHash) this.#report(state, beat.servedHash, []);
  }

  #served(state: State & { phase: 'open' }, { hash, errors }: FromAgent & { type: 'served' }): void {
    if (hash.length > HASH_MAX) throw new AgentError('invalid', 'MALHA5055', 'the served hash is too long');
    const text = errors.map(({ name, message }) => `${name}: ${message}`).join('; ');
    this.#deps.registry.refused(state.info, text === '' ? undefined : text.slice(0, 2_000));
    this.#report(state, hash, errors);
  }

  #report(state: State & { phase: 'open' }, hash: string, errors: ServedReport['errors']): void {
    state.servedHash = hash;
    const workload = `${state.info.namespace}/${state.info.name}`;
    this.#deps.onServed({ workload, hash, errors, atMs: this.#deps.clock.now() });
  }
}
