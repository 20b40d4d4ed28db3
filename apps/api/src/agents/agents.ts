// Agent sessions of this replica and, through Postgres, of the others: reports, dumps, drain, the list of proxies.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { DomainError } from '../errors.ts';
import { AgentError } from './errors.ts';
import type { Exchange, ReplicaMessage } from './exchange.ts';
import type { DumpSubject, ServedReport } from './messages.ts';
import { insertDump, type ProxyRow, selectProxies, selectSpeaker, takeDump } from './repository.ts';
import type { AgentSession } from './session.ts';

const DUMP_TIMEOUT_MS = 5_000;
const DUMPS_WAITING_MAX = 100;
/** Reports are told to other replicas together. */
const REPORT_DELAY_MS = 10;
/** Subscribers of the list ask together. */
const LIST_AGE_MAX_MS = 500;

export interface AgentsDeps {
  readonly pool: pg.Pool;
  readonly replica: string;
  readonly exchange: Exchange;
  readonly monotonic: () => number;
  /** Throws when the session's peer is denied by now. */
  readonly checkDenied: (session: AgentSession) => void;
  readonly reloadDenials: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

interface WaitingDump {
  readonly resolve: (json: Uint8Array) => void;
  /** The replica that asked, when it is another one. */
  readonly askedBy: string | undefined;
}

export class Agents {
  readonly #deps: AgentsDeps;
  readonly #sessions = new Map<string, AgentSession>();
  readonly #servedListeners = new Set<(report: ServedReport) => void>();
  readonly #changeListeners = new Set<() => void>();
  readonly #deniedListeners = new Set<(workload: string) => void>();
  readonly #dumps = new Map<string, WaitingDump>();
  #unsentReports: ServedReport[] = [];
  #reportTimer: NodeJS.Timeout | undefined;
  #list: { readonly atMs: number; readonly rows: Promise<ProxyRow[]> } | undefined;

  constructor(deps: AgentsDeps) {
    this.#deps = deps;
  }

  /** Sessions with this replica. */
  get connected(): number {
    return this.#sessions.size;
  }

  /** Every proxy of the mesh, at whichever replica. */
  list(): Promise<ProxyRow[]> {
    const nowMs = this.#deps.monotonic();
    if (this.#list === undefined || nowMs - this.#list.atMs > LIST_AGE_MAX_MS) {
      this.#list = { atMs: nowMs, rows: selectProxies(this.#deps.pool) };
      this.#list.rows.catch(() => {
        this.#list = undefined;
      });
    }
    return this.#list.rows;
  }

  /** Reports of all agents, also of those at other replicas. */
  onServed(listener: (report: ServedReport) => void): () => void {
    this.#servedListeners.add(listener);
    return () => this.#servedListeners.delete(listener);
  }

  /** Sessions came or went. */
  onChange(listener: () => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** What the agent of a workload (`namespace/name`) says about itself, as JSON. */
  async dump(workload: string, what: DumpSubject): Promise<Uint8Array> {
    const requestId = randomUUID();
    const local = this.#sessions.get(workload);
    const to = local === undefined ? await this.#replicaOf(workload) : undefined;
    const answer = this.#expectDump(requestId, workload);
    if (local !== undefined) local.send({ type: 'dump-request', requestId, what });
    else if (to !== undefined) {
      const from = this.#deps.replica;
      await this.#deps.exchange.send({ kind: 'dump', from, to, requestId, workload, what });
    }
    return answer;
  }

  /** Asks the agent to drain; it says Goodbye when it is done. */
  async drain(workload: string): Promise<void> {
    const local = this.#sessions.get(workload);
    if (local !== undefined) return local.send({ type: 'drain' });
    await this.#deps.exchange.send({ kind: 'drain', to: await this.#replicaOf(workload), workload });
  }

  /** All agents of this replica renew their certificates. */
  trustChanged(): void {
    for (const session of this.#sessions.values()) session.send({ type: 'trust-changed' });
  }

  /** A workload of this replica (`namespace/name`) was denied: what else it has open must end too. */
  onDenied(listener: (workload: string) => void): () => void {
    this.#deniedListeners.add(listener);
    return () => this.#deniedListeners.delete(listener);
  }

  /** Ends sessions whose identity or certificate is denied by now. */
  judgeAgain(): void {
    for (const [workload, session] of this.#sessions) {
      try {
        this.#deps.checkDenied(session);
      } catch (error) {
        session.end(error instanceof DomainError ? error : undefined);
        for (const listener of this.#deniedListeners) listener(workload);
      }
    }
  }

  /** A session is open: it replaces an earlier one of the workload at this replica. */
  opened(session: AgentSession): void {
    const { workload } = session;
    if (workload === undefined || this.#sessions.get(workload) === session) return;
    this.#sessions.get(workload)?.end(replaced());
    this.#sessions.set(workload, session);
    this.#changed();
    this.#tell({ kind: 'opened', from: this.#deps.replica, workload });
  }

  closed(session: AgentSession): void {
    for (const [workload, known] of this.#sessions) {
      if (known !== session) continue;
      this.#sessions.delete(workload);
      this.#changed();
      this.#tell({ kind: 'changed', from: this.#deps.replica });
    }
  }

  /** From an agent of this replica. */
  served(report: ServedReport): void {
    this.#emitServed(report);
    this.#unsentReports.push(report);
    this.#reportTimer ??= setTimeout(() => this.#sendReports(), REPORT_DELAY_MS);
  }

  /** From an agent of this replica. */
  dumped(requestId: string, json: Uint8Array): void {
    const waiting = this.#dumps.get(requestId);
    if (waiting === undefined) return;
    if (waiting.askedBy === undefined) {
      waiting.resolve(json);
      return;
    }
    this.#dumps.delete(requestId);
    this.#passOn(requestId, json, waiting.askedBy).catch(this.#deps.onError);
  }

  /** From another replica; undefined = some may have been lost. */
  handle(message: ReplicaMessage | undefined): void {
    if (message === undefined) {
      this.#deps.reloadDenials().catch(this.#deps.onError);
      this.#changed();
      return;
    }
    const { replica } = this.#deps;
    if (('from' in message && message.from === replica) || ('to' in message && message.to !== replica)) return;
    switch (message.kind) {
      case 'denials':
        this.#deps.reloadDenials().catch(this.#deps.onError);
        return;
      case 'opened':
        this.#yieldTo(message.workload).catch(this.#deps.onError);
        this.#changed();
        return;
      case 'changed':
        this.#changed();
        return;
      case 'served':
        for (const report of message.reports) this.#emitServed(report);
        return;
      case 'dump':
        this.#dumpFor(message);
        return;
      case 'dumped':
        this.#fetchDump(message.requestId).catch(this.#deps.onError);
        return;
      case 'drain':
        this.#sessions.get(message.workload)?.send({ type: 'drain' });
        return;
    }
  }

  /** Ends all sessions; agents connect to another replica. */
  stop(): void {
    clearTimeout(this.#reportTimer);
    for (const session of this.#sessions.values()) session.end(goingAway());
  }

  async #replicaOf(workload: string): Promise<string> {
    const replica = (await selectSpeaker(this.#deps.pool, workload))?.replica ?? undefined;
    if (replica !== undefined && replica !== this.#deps.replica) return replica;
    throw new AgentError('not-found', 'MALHA5057', `no agent is connected for the workload ${workload}`);
  }

  async #expectDump(requestId: string, workload: string): Promise<Uint8Array> {
    if (this.#dumps.size >= DUMPS_WAITING_MAX) {
      throw new AgentError('rate-limited', 'MALHA5058', 'too many dumps are being waited for');
    }
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#dumps.set(requestId, { resolve, askedBy: undefined });
        timer = setTimeout(() => {
          reject(new AgentError('unavailable', 'MALHA5058', `the agent of ${workload} did not answer in time`));
        }, DUMP_TIMEOUT_MS);
      });
    } finally {
      clearTimeout(timer);
      this.#dumps.delete(requestId);
    }
  }

  #dumpFor({ requestId, workload, what, from }: ReplicaMessage & { kind: 'dump' }): void {
    const session = this.#sessions.get(workload);
    if (session === undefined || this.#dumps.size >= DUMPS_WAITING_MAX) return;
    this.#dumps.set(requestId, { resolve: () => undefined, askedBy: from });
    setTimeout(() => this.#dumps.delete(requestId), DUMP_TIMEOUT_MS).unref();
    session.send({ type: 'dump-request', requestId, what });
  }

  async #passOn(requestId: string, json: Uint8Array, to: string): Promise<void> {
    await insertDump(this.#deps.pool, requestId, json);
    await this.#deps.exchange.send({ kind: 'dumped', to, requestId });
  }

  async #fetchDump(requestId: string): Promise<void> {
    const json = await takeDump(this.#deps.pool, requestId);
    if (json !== undefined) this.#dumps.get(requestId)?.resolve(json);
  }

  #sendReports(): void {
    this.#reportTimer = undefined;
    const reports = this.#unsentReports;
    this.#unsentReports = [];
    const message = {
      kind: 'served' as const,
      from: this.#deps.replica,
      reports: reports.map((report) => ({
        ...report,
        errors: report.errors.map((error) => ({ ...error })),
      })),
    };
    this.#tell(message);
  }

  #emitServed(report: ServedReport): void {
    for (const listener of this.#servedListeners) listener(report);
  }

  /** The row says who speaks for the workload: messages may be late, and the agent back here by now. */
  async #yieldTo(workload: string): Promise<void> {
    const ours = this.#sessions.get(workload);
    if (ours === undefined) return;
    const speaker = await selectSpeaker(this.#deps.pool, workload);
    if (speaker !== undefined && speaker.session !== ours.id) ours.end(replaced());
  }

  #changed(): void {
    this.#list = undefined;
    for (const listener of this.#changeListeners) listener();
  }

  #tell(message: ReplicaMessage): void {
    this.#deps.exchange.send(message).catch(this.#deps.onError);
  }
}

function replaced(): AgentError {
  return new AgentError('unavailable', 'MALHA5056', 'another session speaks for this workload');
}

function goingAway(): AgentError {
  return new AgentError('unavailable', 'MALHA5056', 'the control plane is going away: connect to another replica');
}
