// What every procedure is given about its caller.
import type { Principal } from '../auth/principal.ts';

export interface Context {
  /** Asked anew for each call, also on an open WebSocket: a disabled user or a changed role acts at once. */
  authenticate(): Promise<Principal | undefined>;
  /** Aborted when the caller's session has ended; subscriptions stop on it. */
  readonly sessionEnded: AbortSignal;
}
