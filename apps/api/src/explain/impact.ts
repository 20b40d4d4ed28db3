// What a draft would do to the calls that were recorded: each traced call stands for all of its caller and rule. Pure.
import type { Resource } from '@malha/model';
import type { World } from '@malha/policies';
import type { ServiceTraffic, TracedCall, TrafficRow } from '../telemetry/index.ts';
import { type Call, type Fate, Fates } from './fates.ts';

export interface ImpactOf {
  readonly namespace: string;
  readonly name: string;
}

export interface CallerImpact {
  readonly namespace: string;
  readonly name: string;
  readonly perMinute: number;
  /** Of these, the calls that would go elsewhere. */
  readonly movedPerMinute: number;
}

export interface Impact {
  readonly seconds: number;
  /** Recorded in the window. */
  readonly requests: number;
  /** Calls that were judged one by one. */
  readonly samples: number;
  /** 0..1 of the recorded requests; 1 = every one. */
  readonly movedShare: number;
  readonly movedPerMinute: number;
  /** Let in now, refused then. */
  readonly deniedPerMinute: number;
  /** Taken by a rule now, by none then. */
  readonly unmatchedPerMinute: number;
  /** 0..1 of the recorded requests that no traced call stands for: counted as unmoved. */
  readonly unjudgedShare: number;
  /** Shares of the recorded requests, now and with the draft. */
  readonly targets: readonly { readonly name: string; readonly now: number; readonly after: number }[];
  /** Those with the most moved first. */
  readonly callers: readonly CallerImpact[];
}

const CALLERS_MAX = 20;

interface Group {
  readonly caller: ImpactOf;
  requests: number;
  readonly versions: Map<string, number>;
  readonly judged: { readonly before: Fate; readonly after: Fate }[];
}

export interface ImpactInput {
  readonly world: World;
  readonly draft: readonly Resource[];
  readonly service: ImpactOf;
  readonly traffic: ServiceTraffic;
}

export function impactOf({ world, draft, service, traffic }: ImpactInput): Impact {
  const groups = groupsOf(traffic.rows, service);
  const samples = judge(groups, { world, draft, service, traffic });
  const sums = new ImpactSums(traffic.seconds);
  for (const group of groups.values()) sums.add(group);
  return { ...sums.result(), samples };
}

const keyOf = ({ namespace, name }: ImpactOf, rule: string): string => `${namespace}/${name} ${rule}`;

/** Recorded requests by caller and rule. */
function groupsOf(rows: readonly TrafficRow[], service: ImpactOf): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const { caller, route, version, requests } of rows) {
    const key = keyOf(caller, route);
    const group = groups.get(key) ?? { caller, requests: 0, versions: new Map<string, number>(), judged: [] };
    groups.set(key, group);
    group.requests += requests;
    const name = version === '' ? service.name : version;
    group.versions.set(name, (group.versions.get(name) ?? 0) + requests);
  }
  return groups;
}

/** Judges each traced call in both states; a caller without one is asked for the path `/`, where its rule takes that. */
function judge(groups: ReadonlyMap<string, Group>, { world, draft, service, traffic }: ImpactInput): number {
  const now = new Fates(world);
  const then = new Fates(world, draft);
  let samples = 0;
  const see = (call: Call, caller: ImpactOf, isTraced: boolean) => {
    const before = now.of(call);
    const after = then.of(call);
    const group = before && groups.get(keyOf(caller, before.rule ?? ''));
    if (before === undefined || after === undefined || group === undefined) return;
    if (!isTraced && group.judged.length > 0) return;
    if (isTraced) samples += 1;
    group.judged.push({ before, after });
  };
  for (const call of traffic.calls) see(callOf(call), call.caller, true);
  for (const { caller } of groups.values()) {
    const workload = now.workloadOf(caller);
    if (workload === undefined) continue;
    const plain = { method: 'GET', authority: `${service.name}.${service.namespace}`, path: '/', headers: [] };
    see({ ...plain, caller: { namespace: caller.namespace, workload } }, caller, false);
  }
  return samples;
}

function callOf({ caller, workload, method, authority, path }: TracedCall): Call {
  const name = workload.slice(workload.indexOf('/') + 1);
  return { caller: { namespace: caller.namespace, workload: name }, method, authority, path, headers: [] };
}

class ImpactSums {
  readonly #seconds: number;
  readonly #targets = new Map<string, { now: number; after: number }>();
  readonly #callers = new Map<string, { caller: ImpactOf; requests: number; moved: number }>();
  #requests = 0;
  #moved = 0;
  #denied = 0;
  #unmatched = 0;
  #unjudged = 0;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  add({ caller, requests, versions, judged }: Group): void {
    this.#requests += requests;
    for (const [name, count] of versions) this.#count(name, count, count);
    if (judged.length === 0) this.#unjudged += requests;
    const each = requests / Math.max(1, judged.length);
    let moved = 0;
    for (const { before, after } of judged) {
      moved += each * distance(before.targets, after.targets);
      this.#denied += each * Math.max(0, after.denied - before.denied);
      if (before.rule !== undefined && after.rule === undefined) this.#unmatched += each;
      // What is measured stays the ground: the draft adds its difference to it.
      for (const [name, share] of before.targets) this.#count(name, 0, -share * each);
      for (const [name, share] of after.targets) this.#count(name, 0, share * each);
    }
    this.#moved += moved;
    const key = keyOf(caller, '');
    const known = this.#callers.get(key) ?? { caller, requests: 0, moved: 0 };
    this.#callers.set(key, { caller, requests: known.requests + requests, moved: known.moved + moved });
  }

  #count(name: string, now: number, after: number): void {
    const known = this.#targets.get(name) ?? { now: 0, after: 0 };
    this.#targets.set(name, { now: known.now + now, after: known.after + after });
  }

  result(): Omit<Impact, 'samples'> {
    const share = (count: number) => (this.#requests === 0 ? 0 : Math.min(1, Math.max(0, count / this.#requests)));
    const perMinute = (count: number) => (this.#seconds === 0 ? 0 : (count / this.#seconds) * 60);
    return {
      seconds: this.#seconds,
      requests: this.#requests,
      movedShare: share(this.#moved),
      movedPerMinute: perMinute(this.#moved),
      deniedPerMinute: perMinute(this.#denied),
      unmatchedPerMinute: perMinute(this.#unmatched),
      unjudgedShare: share(this.#unjudged),
      targets: [...this.#targets]
        .map(([name, { now, after }]) => ({ name, now: share(now), after: share(after) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      callers: [...this.#callers.values()]
        .sort((a, b) => b.moved - a.moved || b.requests - a.requests)
        .slice(0, CALLERS_MAX)
        .map(({ caller, requests, moved }) => ({
          ...caller,
          perMinute: perMinute(requests),
          movedPerMinute: perMinute(moved),
        })),
    };
  }
}

/** 0..1: how much of a call's chances goes elsewhere; a call that nothing serves any more moves as a whole. */
function distance(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  const names = new Set([...before.keys(), ...after.keys()]);
  const sum = (targets: ReadonlyMap<string, number>) => [...targets.values()].reduce((all, share) => all + share, 0);
  let difference = Math.abs(sum(before) - sum(after));
  for (const name of names) difference += Math.abs((before.get(name) ?? 0) - (after.get(name) ?? 0));
  return difference / 2;
}
