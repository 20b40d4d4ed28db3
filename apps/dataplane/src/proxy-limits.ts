// What a proxy takes from clients and peers at most, where an operator may set it; docs/limits.md has these and the others.

export interface ProxyLimits {
  /** Open connections of each listener. */
  readonly connectionsMax: number;
  /** From the ClientHello to the end of the handshake. */
  readonly handshakeTimeoutMs: number;
  /** From the first byte of a request head to its end. */
  readonly headTimeoutMs: number;
  /** A client's connection without a request; longer than our peers keep idle connections in their pools. */
  readonly idleTimeoutMs: number;
  /** How long a refused client may go on sending before it is cut off. */
  readonly lingerMs: number;
}

export const DEFAULT_LIMITS: ProxyLimits = {
  connectionsMax: 15_000,
  handshakeTimeoutMs: 10_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 3_900_000,
  lingerMs: 1_000,
};
