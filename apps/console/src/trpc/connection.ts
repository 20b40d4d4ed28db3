// Whether the control plane is reachable, as an external store: the banner and stale figures read it.
import { useSyncExternalStore } from 'react';

export interface ConnectionState {
  readonly status: 'connecting' | 'open' | 'lost';
  /** When the connection was lost; figures on the page are from then. */
  readonly lostAtMs: number | null;
  readonly nextTryAtMs: number | null;
}

const initial: ConnectionState = { status: 'connecting', lostAtMs: null, nextTryAtMs: null };

export function createConnectionStore() {
  let state = initial;
  const listeners = new Set<() => void>();
  const set = (next: ConnectionState) => {
    state = next;
    for (const listener of listeners) listener();
  };
  return {
    opened: () => set({ status: 'open', lostAtMs: null, nextTryAtMs: null }),
    /** The first loss counts; later failures to return do not move its time. */
    closed: (nowMs: number) => set({ ...state, status: 'lost', lostAtMs: state.lostAtMs ?? nowMs }),
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
