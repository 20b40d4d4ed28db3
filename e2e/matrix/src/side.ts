// What a side of the matrix is: it takes the resources of cases, and says what came of their requests.
import type { Answer, Caller, CaseRequest, Exchange, MatrixCase, Side } from './case.ts';
import { FRONT } from './case.ts';
import { judge, type Outcome } from './outcome.ts';

export interface Player {
  readonly side: Side;
  /** Brings the resources of the case into force. */
  prepare(matrixCase: MatrixCase): Promise<void>;
  send(caller: Caller, request: CaseRequest, answers: readonly Answer[]): Promise<Outcome>;
  close(): Promise<void>;
}

/** Cases with equal keys play on the same resources: a player that is prepared for one is prepared for the other. */
export function settingOf({ resources, unhealthy }: MatrixCase): string {
  return JSON.stringify([resources, unhealthy]);
}

/** Requests of one exchange that are on their way together. */
const CONCURRENCY = 8;

/** Plays a case on one side; differences from what it expects, none = as expected. */
export async function play(player: Player, matrixCase: MatrixCase): Promise<string[]> {
  await player.prepare(matrixCase);
  const differences: string[] = [];
  for (const [index, exchange] of matrixCase.exchanges.entries()) {
    const outcomes = await exchanged(player, matrixCase.caller ?? FRONT, exchange);
    const { method = 'GET', host, path = '/' } = exchange.request;
    differences.push(
      ...judge(exchange, outcomes).map((words) => `exchange ${index} (${method} ${host}${path}): ${words}`),
    );
  }
  return differences;
}

async function exchanged(player: Player, caller: Caller, exchange: Exchange): Promise<Outcome[]> {
  const { request, times = 1, answers = [] } = exchange;
  const outcomes: Outcome[] = [];
  while (outcomes.length < times) {
    const batch = Math.min(CONCURRENCY, times - outcomes.length);
    outcomes.push(...(await Promise.all(Array.from({ length: batch }, () => player.send(caller, request, answers)))));
  }
  return outcomes;
}
