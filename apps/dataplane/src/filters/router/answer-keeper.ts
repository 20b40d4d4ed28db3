// Keeps the answer to one request for later requests that fail: as it comes, up to a bound.
import {
  type GoodAnswer,
  isKept,
  isShareable,
  type LastGoodAnswers,
  variesOf,
} from '@malha/traffic/fallback/last-good';
import type { ResponseHead } from '../../exchange/exchange.ts';
import type { RequestHead } from '../../exchange/request-head.ts';

/** Of the connection, not of the answer, or said anew when it is given again. */
const NOT_KEPT: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'transfer-encoding', 'trailer', 'date']);

export class AnswerKeeper {
  private readonly answers: LastGoodAnswers;
  private readonly key: string;
  private readonly head: Pick<GoodAnswer, 'headers' | 'varies'>;
  private chunks: Buffer[] | undefined = [];
  private bytes = 0;

  /** Undefined: the answer is not one to be given to others. The head is as it came, before changes for this client. */
  static of(answers: LastGoodAnswers, request: RequestHead, head: ResponseHead): AnswerKeeper | undefined {
    const requested = (name: string) => request.headers.get(name);
    const answered = (name: string) => head.headers.get(name);
    if (!isShareable(request.method, requested) || !isKept(head.status, answered)) return undefined;
    return new AnswerKeeper(answers, answerKey(request), {
      headers: [...head.headers.entries()].filter(([name]) => !NOT_KEPT.has(name)).flat(),
      varies: variesOf(requested, answered),
    });
  }

  private constructor(answers: LastGoodAnswers, key: string, head: Pick<GoodAnswer, 'headers' | 'varies'>) {
    this.answers = answers;
    this.key = key;
    this.head = head;
  }

  data(chunk: Buffer): void {
    if (this.chunks === undefined) return;
    this.bytes += chunk.length;
    // A copy: what came is a part of a much larger read.
    if (this.bytes <= this.answers.answerBytesMax) this.chunks.push(Buffer.from(chunk));
    else this.chunks = undefined;
  }

  /** The answer is whole. */
  end(nowMs: number): void {
    if (this.chunks === undefined) return;
    this.answers.store(this.key, { ...this.head, body: Buffer.concat(this.chunks), storedMs: nowMs });
  }
}

export function answerKey({ method, authority, path }: RequestHead): string {
  return `${method} ${authority} ${path}`;
}
