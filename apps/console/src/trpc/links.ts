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
    onOpen: () => connection.opened(),
    onClose: () => connection.closed(Date.now()),
    onError: () => connection.closed(Date.now()),
  });
  const client = createTRPCClient<AppRouter>({
    links: [
      splitLink({
        condition: (operation) => operation.type === 'subscription',
        true: wsLink({ client: socket, transformer: superjson }),
        false: httpBatchLink({
          url: '/trpc',
          transformer: superjson,
          maxURLLength: 2_000,
          fetch: (url, options) => fetch(url, { ...options, signal: deadline(options?.signal) } as RequestInit),
        }),
      }),
    ],
  });
  return {
    client,
    close: () => void socket.close(),
  };
}
