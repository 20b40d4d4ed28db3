// What a side of the matrix is: it takes the resources of cases, and says what came of their requests.
import type { Answer, Caller, CaseRequest, Exchange, MatrixCase, Side } from './case.ts';
import { FRONT } from './case.ts';
import { judge, type Outcome, valuesOf } from './outcome.ts';

/** Copies of a request arrive when they like: how many are waited for, and for how long at most. */
export interface Copies {
  readonly countMax: number;
  readonly withinMs: number;
}

export interface Player {
  readonly side: Side;
  /** Brings the resources of the case into force. */
  prepare(matrixCase: MatrixCase): Promise<void>;
  send(caller: Caller, request: CaseRequest, answers: readonly Answer[], copies?: Copies): Promise<Outcome>;
  /** Backends give the answers that they hold; a side without real backends holds none. */
  release?(): void;
  close(): Promise<void>;
}

/** Cases with equal keys play on the same resources: a player that is prepared for one is prepared for the other. */
export function settingOf({ resources, unhealthy, workloads }: MatrixCase): string {
  return JSON.stringify([resources, unhealthy, workloads]);
}

/** Requests of one exchange that are on their way together, unless it says otherwise. */
const CONCURRENCY = 8;

/** Plays a case on one side; differences from what it expects, none = as expected. */
export async function play(player: Player, matrixCase: MatrixCase): Promise<string[]> {
  await player.prepare(matrixCase);
  const differences: string[] = [];
  let former: Outcome | undefined;
  for (const [index, scripted] of matrixCase.exchanges.entries()) {
    const exchange = withSession(scripted, former);
    const { unhealthy } = exchange;
    if (unhealthy !== undefined) await player.prepare({ ...matrixCase, unhealthy });
    const { outcomes, words } = await judged(player, exchange.caller ?? matrixCase.caller ?? FRONT, exchange);
    former = outcomes.at(-1);
    const { method = 'GET', host, path = '/' } = exchange.request;
    differences.push(...words.map((each) => `exchange ${index} (${method} ${host}${path}): ${each}`));
  }
  return differences;
}

/** What comes eventually must come within this time. */
const EVENTUALLY_MS = 15_000;

async function judged(player: Player, caller: Caller, exchange: Exchange) {
  const end = performance.now() + EVENTUALLY_MS;
  for (;;) {
    const outcomes = await exchanged(player, caller, exchange);
    const words = judge(exchange, outcomes);
    if (words.length === 0 || exchange.eventually !== true || performance.now() > end) return { outcomes, words };
  }
}

/** The request with what the answer before asked to be sent back. */
function withSession(exchange: Exchange, former: Outcome | undefined): Exchange {
  const { sendsBack, request } = exchange;
  if (sendsBack === undefined || former === undefined) return exchange;
  const [name, value] =
    sendsBack === 'cookie'
      ? ['cookie', valuesOf(former.headers, 'set-cookie')?.split(';')[0]]
      : [sendsBack.header, valuesOf(former.headers, sendsBack.header)];
  if (value === undefined || value === null) return exchange;
  return { ...exchange, request: { ...request, headers: [...(request.headers ?? []), [name, value]] } };
}

async function exchanged(player: Player, caller: Caller, exchange: Exchange): Promise<Outcome[]> {
  const { request, times = 1, answers = [], releaseAfter } = exchange;
  const concurrency = releaseAfter === undefined ? (exchange.concurrency ?? CONCURRENCY) : times;
  const copies = copiesOf(exchange);
  const outcomes: Outcome[] = [];
  let ended = 0;
  const send = async (sent: CaseRequest) => {
    const outcome = await player.send(caller, sent, answers, copies);
    ended += 1;
    if (ended === releaseAfter) player.release?.();
    return outcome;
  };
  while (outcomes.length < times) {
    const batch = Math.min(concurrency, times - outcomes.length);
    const sent = Array.from({ length: batch }, (_, index) => send(numbered(request, outcomes.length + index)));
    outcomes.push(...(await Promise.all(sent)));
  }
  return outcomes;
}

/** Long for those that must come, short for those that may. */
function copiesOf({ expect }: Exchange): Copies | undefined {
  if (expect.copies === undefined) return undefined;
  const parts = Object.values(expect.copies);
  return { countMax: parts.length, withinMs: parts.every((part) => part === 1) ? 5_000 : 1_000 };
}

function numbered(request: CaseRequest, number: number): CaseRequest {
  const { path, headers } = request;
  const filled = (text: string) => text.replaceAll('{n}', String(number));
  return {
    ...request,
    ...(path !== undefined && { path: filled(path) }),
    ...(headers !== undefined && { headers: headers.map(([name, value]) => [name, filled(value)] as const) }),
  };
}
