// Turns callbacks into the stream of a subscription, with a bound on what a slow reader can pile up.

const WAITING_MAX = 1_000;

/**
 * Listens at once (what is emitted before the first read is kept) and stops when the signal aborts or the reader leaves.
 * A reader that falls behind loses the oldest values: they are news, and what counts is read by a query.
 */
export function subscribe<T>(
  listen: (emit: (value: T) => void) => () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, void> {
  const waiting: T[] = [];
  let wake: (() => void) | undefined;
  const stop = listen((value) => {
    waiting.push(value);
    if (waiting.length > WAITING_MAX) waiting.shift();
    wake?.();
  });
  const onAbort = () => {
    stop();
    wake?.();
  };
  signal?.addEventListener('abort', onAbort, { once: true });

  async function* read(): AsyncGenerator<T, void, void> {
    try {
      while (!signal?.aborted) {
        const value = waiting.shift();
        if (value !== undefined) yield value;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      signal?.removeEventListener('abort', onAbort);
      stop();
    }
  }
  return read();
}

/** The newest value only: a reader that falls behind skips what is out of date. */
export function subscribeLatest(
  listen: (emit: () => void) => () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<true, void, void> {
  let isPending = false;
  const pending = subscribe<true>(
    (emit) =>
      listen(() => {
        if (isPending) return;
        isPending = true;
        emit(true);
      }),
    signal,
  );
  async function* read(): AsyncGenerator<true, void, void> {
    for await (const value of pending) {
      isPending = false;
      yield value;
    }
  }
  return read();
}
