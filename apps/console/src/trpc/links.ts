// Transport: queries and mutations in batches over HTTP, all subscriptions of a tab over one WebSocket.
import { createTRPCClient, createWSClient, httpBatchLink, splitLink, type TRPCClient, wsLink } from '@trpc/client';
import superjson from 'superjson';
import { connection } from './connection.ts';
import type { AppRouter } from './router.ts';

const RETRY_MAX_MS = 3_000;
const REQUEST_DEADLINE_MS = 20_000;

/** 250 ms, 500 ms, 1 s … 3 s, each spread by up to a fifth so that tabs do not return in step. */
function retryDelayMs(attempt: number): number {
  const base = Math.min(250 * 2 ** attempt, RETRY_MAX_MS);
  const delay = base * (0.9 + Math.random() * 0.2);
  connection.waiting(Date.now() + delay);
  return delay;
}

function deadline(signal: AbortSignal | null | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(REQUEST_DEADLINE_MS);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/** The control plane answers in JSON, refusals too; anything else comes from something before it. */
function isAnswer(response: Response): boolean {
  return response.ok || (response.headers.get('content-type') ?? '').includes('json');
}

async function ask(url: RequestInfo | URL | string, options: RequestInit | undefined): Promise<Response> {
  try {
    const response = await fetch(url, { ...options, signal: deadline(options?.signal) });
    if (isAnswer(response)) connection.answered(Date.now());
    else connection.unanswered(Date.now());
    return response;
  } catch (error) {
    // A request that the page itself gave up says nothing.
    if (options?.signal?.aborted !== true) connection.unanswered(Date.now());
    throw error;
  }
}

/** Queries that are given a whole draft, which no URL could hold: they go as POST. */
const TAKES_TEXT: ReadonlySet<string> = new Set([
  'resources.validate',
  'resources.preview',
  'explain.request',
  'explain.connection',
  'explain.impact',
]);

const overHttp = {
  url: '/trpc',
  transformer: superjson,
  fetch: (url: RequestInfo | URL | string, options?: unknown) => ask(url, options as RequestInit | undefined),
};

export interface Transport {
  readonly client: TRPCClient<AppRouter>;
  readonly close: () => void;
}

export function createTransport(): Transport {
  const socket = createWSClient({
    url: () => `${location.origin.replace(/^http/, 'ws')}/trpc`,
    lazy: { enabled: true, closeMs: 10_000 },
    retryDelayMs,
    keepAlive: { enabled: true, intervalMs: 10_000, pongTimeoutMs: 5_000 },
    onOpen: () => connection.opened(Date.now()),
    onClose: () => connection.closed(Date.now()),
    onError: () => connection.closed(Date.now()),
  });
  const client = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: wsLink({ client: socket, transformer: superjson }),
        false: splitLink({
          condition: (operation) => TAKES_TEXT.has(operation.path),
          true: httpBatchLink({ ...overHttp, methodOverride: 'POST' }),
          false: httpBatchLink({ ...overHttp, maxURLLength: 2_000 }),
        }),
      }),
    ],
  });
  return {
    client,
    close: () => void socket.close(),
  };
}
