// Brings the world to the proxies: on each change, the snapshot of every proxy, callers of what changed first; those with another hash get the difference.
import { buildIndex, type WorldIndex } from '@malha/policies';
import type { Clock } from '@malha/traffic/clock';
import type { Timers } from '@malha/xds/timers';
import type { Dialect, UnencodableError } from '../dialects/dialect.ts';
import type { Propagation } from '../propagation/propagation.ts';
import type { Proxies, ProxyRecord } from '../server/proxies.ts';
import type { ResponseMemo } from '../server/response-memo.ts';
import { SnapshotBuilder } from '../snapshot/snapshot-builder.ts';
import type { WorldSource, WorldState } from '../world-source.ts';
import { concernedServices } from './concerned-services.ts';
import { ModeChange, type Stage } from './mode-change.ts';
import { PushQueue } from './push-queue.ts';

/** A proxy that does not get there in this time is left behind by a change of modes. */
const STAGE_DEADLINE_MS = 10_000;
/** Requests that callers sent before they switched are still on their way to a callee that is about to narrow. */
const SETTLE_MS = 1_000;
/** Callers of a changed service take their configuration in this time, before all other proxies of their hosts are busy with it too. */
const HEAD_START_MS = 20;

export interface PusherOptions {
  readonly source: WorldSource;
  readonly proxies: Proxies;
  /** Workloads (`<namespace>/<name>`) that call one of these services (`<namespace>/<name>`), as far as it is known. */
  readonly callersOf: (services: ReadonlySet<string>) => ReadonlySet<string>;
  readonly propagation: Propagation;
  readonly memo: ResponseMemo;
  readonly dialectOf: (model: string) => Dialect;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onUnencodable: (scope: string, error: UnencodableError) => void;
  /** A stage of a mode change ran out of time for these proxies. */
  readonly onStageDeadline: (workloads: readonly string[]) => void;
  /** After each push, with the index that new callers are checked against. */
  readonly onPushed: (index: WorldIndex) => void;
}

interface Pushed {
  readonly state: WorldState;
  readonly stage: Stage;
}

export class Pusher {
  readonly #options: PusherOptions;
  readonly #queue: PushQueue;
  readonly #builder: SnapshotBuilder;
  readonly #modes = new ModeChange();
  readonly #stopListening: () => void;
  #pushed: Pushed | undefined;
  #isBehind = false;
  #timedStep: Stage['step'] = 'none';
  #cancelStage: () => void = () => undefined;
  #cancelSettling: (() => void) | undefined;
  /** Defined while proxies that do not call what changed wait for their turn. */
  #cancelRest: (() => void) | undefined;

  constructor(options: PusherOptions) {
    this.#options = options;
    this.#builder = new SnapshotBuilder({ onUnencodable: options.onUnencodable });
    const { timers, clock, source } = options;
    this.#queue = new PushQueue({ push: () => this.#take(), timers, monotonic: () => clock.monotonic() });
    this.#stopListening = source.onChange(() => {
      this.#announce();
      this.#queue.changed();
    });
  }

  start(): void {
    this.#queue.changed();
  }

  close(): void {
    this.#stopListening();
    this.#queue.close();
    this.#cancelStage();
    this.#cancelSettling?.();
    this.#cancelRest?.();
  }

  get index(): WorldIndex | undefined {
    return this.#pushed?.stage.index;
  }

  /** A proxy has a stream and may have its configuration. */
  welcome(record: ProxyRecord): void {
    const pushed = this.#pushed;
    if (pushed === undefined || record.wanted !== undefined) return;
    this.#renew(record, pushed);
  }

  /** Something that a stage of a mode change waits for may have happened. */
  check(): void {
    if (!this.#modes.isUnderWay || this.#cancelRest !== undefined || this.#lagging().length > 0) return;
    if (this.#timedStep !== 'switch') this.#advance();
    else this.#cancelSettling ??= this.#options.timers.after(SETTLE_MS, () => this.#advance());
  }

  /** A revision that is merged into a later push is on its way too, and has its own begin. */
  #announce(): void {
    const state = this.#options.source.current();
    const index = this.#pushed?.stage.index;
    if (state === undefined || index === undefined) return;
    this.#options.propagation.begin(state.revision, state.revisedAtMs, proxiesOf(index));
  }

  #take(): void {
    const state = this.#options.source.current();
    if (state === undefined) return;
    const index = buildIndex(state.world);
    const stage = this.#modes.offer(index);
    if (stage === undefined) {
      this.#isBehind = true;
      return;
    }
    this.#pushAll({ state, stage });
  }

  #pushAll(pushed: Pushed): void {
    const { proxies, propagation } = this.#options;
    const { state, stage } = pushed;
    const callers = this.#callersOf(pushed);
    this.#pushed = pushed;
    this.#builder.nextGeneration();
    const workloads = proxiesOf(stage.index);
    propagation.begin(state.revision, state.revisedAtMs, workloads);
    propagation.retain(workloads);
    proxies.retain((workload) => workloads.has(workload));
    this.#cancelRest?.();
    this.#cancelRest = undefined;
    const isFirst = ([workload]: readonly [string, string]) => callers.has(workload);
    const first = [...workloads].filter(isFirst);
    const rest = [...workloads].filter((each) => !isFirst(each));
    if (first.length === 0 || rest.length === 0) this.#renewAll(workloads, pushed);
    else {
      this.#renewAll(first, pushed);
      this.#cancelRest = this.#options.timers.after(HEAD_START_MS, () => {
        this.#cancelRest = undefined;
        this.#renewAll(rest, pushed);
        this.check();
      });
    }
    this.#options.onPushed(stage.index);
    this.#timeStage(stage.step);
    this.check();
  }

  /** None while modes change: there the order is that of the stages. */
  #callersOf({ state, stage }: Pushed): ReadonlySet<string> {
    const former = this.#pushed?.state;
    if (former === undefined || stage.step !== 'none') return new Set();
    const services = concernedServices(former.world, state.world);
    return services.size === 0 ? services : this.#options.callersOf(services);
  }

  #renewAll(workloads: Iterable<readonly [string, string]>, pushed: Pushed): void {
    const { proxies, memo, dialectOf } = this.#options;
    memo.sharing(() => {
      for (const [workload, model] of workloads) this.#renew(proxies.of(workload, dialectOf(model)), pushed);
    });
  }

  /** The deadline of a stage counts from its begin, however the world changes meanwhile. */
  #timeStage(step: Stage['step']): void {
    if (step === this.#timedStep) return;
    this.#timedStep = step;
    this.#cancelStage();
    if (step === 'none') return;
    this.#cancelStage = this.#options.timers.after(STAGE_DEADLINE_MS, () => {
      this.#options.onStageDeadline(this.#lagging());
      this.#advance();
    });
  }

  /** A workload that is gone from the world keeps what it has. */
  #renew(record: ProxyRecord, { state, stage }: Pushed): void {
    const { clock, propagation } = this.#options;
    if (!stage.index.linked.workloadsByKey.has(record.workload)) return;
    const former = record.wanted;
    const snapshot = this.#builder.build({
      index: stage.index,
      revision: state.revision,
      sequence: state.sequence,
      transition: stage.transition,
      scope: record.workload,
      dialect: record.dialect,
      secretFiles: record.secretFiles,
      certificateOf: state.certificateOf ?? (() => undefined),
      former,
    });
    record.wanted = former?.hash === snapshot.hash ? former : snapshot;
    // Before the last stage of a mode change nobody is where the revision wants it.
    if (stage.transition === undefined) {
      propagation.want(record.workload, state.revision, snapshot.hash, clock.now());
    }
    for (const session of record.sessions) {
      if (session.snapshot?.hash !== snapshot.hash) session.setSnapshot(record.wanted);
    }
  }

  /** Proxies that can be reached and do not serve what they should. */
  #lagging(): string[] {
    const lagging: string[] = [];
    const { proxies, propagation } = this.#options;
    for (const { workload, sessions, wanted } of proxies) {
      if (sessions.size === 0 || wanted === undefined) continue;
      if (propagation.servedHash(workload) !== wanted.hash) lagging.push(workload);
    }
    return lagging;
  }

  #advance(): void {
    const state = this.#pushed?.state;
    if (state === undefined) return;
    this.#cancelSettling?.();
    this.#cancelSettling = undefined;
    const stage = this.#modes.advance();
    if (stage.step !== 'none') {
      this.#pushAll({ state, stage });
      return;
    }
    this.#pushed = { state, stage };
    this.#timeStage('none');
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#queue.changed();
  }
}

/** Workloads that have a proxy which takes its configuration from here, with their deployment model. */
function proxiesOf(index: WorldIndex): Map<string, string> {
  const proxies = new Map<string, string>();
  for (const { key, resource } of index.linked.workloads) {
    const model = resource.spec.model ?? 'sidecar';
    if (model === 'sidecar' || model === 'envoy') proxies.set(key, model);
  }
  return proxies;
}
