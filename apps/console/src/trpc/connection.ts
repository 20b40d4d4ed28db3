// Whether the control plane is reachable, as an external store: the banner and stale figures read it.
import { useSyncExternalStore } from 'react';

export interface ConnectionState {
  readonly status: 'connecting' | 'open' | 'lost';
  /** When the connection was lost; figures on the page are from then. */
  readonly lostAtMs: number | null;
  readonly nextTryAtMs: number | null;
}

const initial: ConnectionState = { status: 'connecting', lostAtMs: null, nextTryAtMs: null };

/**
 * Two ways lead to the control plane: the socket, and requests. A socket may stay open long after its other end has
 * stopped to answer, so requests without an answer count as much as a socket that closed.
 */
export function createConnectionStore() {
  let state = initial;
  let isSocketLost = false;
  let isAnswerMissing = false;
  const listeners = new Set<() => void>();
  const set = (next: ConnectionState) => {
    state = next;
    for (const listener of listeners) listener();
  };
  const judge = (nowMs: number) => {
    if (isSocketLost || isAnswerMissing) {
      // The first loss counts; later failures to return do not move its time.
      set({ ...state, status: 'lost', lostAtMs: state.lostAtMs ?? nowMs });
    } else if (state.status !== 'open') set({ status: 'open', lostAtMs: null, nextTryAtMs: null });
  };
  return {
    opened: (nowMs: number) => {
      isSocketLost = false;
      judge(nowMs);
    },
    closed: (nowMs: number) => {
      isSocketLost = true;
      judge(nowMs);
    },
    answered: (nowMs: number) => {
      if (!isAnswerMissing) return;
      isAnswerMissing = false;
      judge(nowMs);
    },
    unanswered: (nowMs: number) => {
      isAnswerMissing = true;
      judge(nowMs);
    },
    waiting: (nextTryAtMs: number) => set({ ...state, nextTryAtMs }),
    read: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

export const connection = createConnectionStore();

export function useConnection(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.read, () => initial);
}
