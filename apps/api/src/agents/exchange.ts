// Messages between replicas about agents, over NOTIFY. A lost one is a lost hint: state is read from the database.
import type pg from 'pg';
import { z } from 'zod';
import type { NotificationFeed } from '../db/listener.ts';
import { CHANNELS } from '../db/postgres.ts';
import { DUMP_SUBJECTS } from './messages.ts';

/** Postgres takes payloads below 8,000 bytes. */
const PAYLOAD_MAX_BYTES = 7_500;

const replicaMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('denials') }),
  /** A session began: an earlier one of the workload at another replica is over. */
  z.object({ kind: z.literal('opened'), from: z.string(), workload: z.string() }),
  /** The list of proxies is another one. */
  z.object({ kind: z.literal('changed'), from: z.string() }),
  z.object({
    kind: z.literal('served'),
    from: z.string(),
    reports: z.array(
      z.object({
        workload: z.string(),
        hash: z.string(),
        atMs: z.number(),
        errors: z.array(z.object({ typeUrl: z.string(), name: z.string(), message: z.string() })),
      }),
    ),
  }),
  z.object({
    kind: z.literal('dump'),
    from: z.string(),
    to: z.string(),
    requestId: z.string(),
    workload: z.string(),
    what: z.enum(DUMP_SUBJECTS),
  }),
  z.object({ kind: z.literal('dumped'), to: z.string(), requestId: z.string() }),
  z.object({ kind: z.literal('drain'), to: z.string(), workload: z.string() }),
]);
export type ReplicaMessage = z.infer<typeof replicaMessage>;

export class Exchange {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** `undefined`: messages may have been lost. */
  listen(feed: NotificationFeed, handle: (message: ReplicaMessage | undefined) => void): () => void {
    return feed.on(CHANNELS.agents, (payload) => {
      if (payload === undefined) return handle(undefined);
      const message = decode(payload);
      if (message !== undefined) handle(message);
    });
  }

  async send(message: ReplicaMessage): Promise<void> {
    for (const part of split(message)) {
      await this.#pool.query('SELECT pg_notify($1, $2)', [CHANNELS.agents, JSON.stringify(part)]);
    }
  }
}

/** Anybody with the database may notify; what is not understood (a newer replica's) is passed over. */
function decode(payload: string): ReplicaMessage | undefined {
  try {
    const result = replicaMessage.safeParse(JSON.parse(payload));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

function split(message: ReplicaMessage): ReplicaMessage[] {
  if (message.kind !== 'served' || Buffer.byteLength(JSON.stringify(message)) <= PAYLOAD_MAX_BYTES) return [message];
  const { reports } = message;
  const [only] = reports;
  if (reports.length === 1 && only !== undefined) {
    // Too many errors in one report: their number counts, their text is with the replica that heard them.
    return [{ ...message, reports: [{ ...only, errors: only.errors.slice(0, 5) }] }];
  }
  const half = Math.ceil(reports.length / 2);
  return [reports.slice(0, half), reports.slice(half)].flatMap((part) => split({ ...message, reports: part }));
}
