// Response flags: why a request ended as it did, by Envoy's names where it has one, as a bit set, as text and in words.

export type RequestFlag =
  | 'UF'
  | 'UO'
  | 'NR'
  | 'NC'
  | 'UH'
  | 'URX'
  | 'UT'
  | 'UC'
  | 'DC'
  | 'RL'
  | 'FI'
  | 'UAEX'
  | 'DPE'
  | 'UPE'
  | 'RLSE'
  | 'HG'
  | 'FB'
  | 'OM';

/** Bit of each flag; a request's flags are the bits combined with `|`. 0 = none. */
export const RequestFlags: Readonly<Record<RequestFlag, number>> = {
  UF: 1 << 0,
  UO: 1 << 1,
  NR: 1 << 2,
  NC: 1 << 3,
  UH: 1 << 4,
  URX: 1 << 5,
  UT: 1 << 6,
  UC: 1 << 7,
  DC: 1 << 8,
  RL: 1 << 9,
  FI: 1 << 10,
  UAEX: 1 << 11,
  DPE: 1 << 12,
  UPE: 1 << 13,
  RLSE: 1 << 14,
  HG: 1 << 15,
  FB: 1 << 16,
  OM: 1 << 17,
};

/** For the operator, never for the client. */
export const flagWords: Readonly<Record<RequestFlag, string>> = {
  UF: 'The connection to the upstream could not be made.',
  UO: 'A limit of the cluster was reached (connections, pending or concurrent requests), or its circuit breaker is open.',
  NR: 'No route matches the request.',
  NC: 'The route names a cluster that this proxy does not know.',
  UH: 'The cluster has no healthy endpoint.',
  URX: 'The request was tried again as often as the retry policy allows.',
  UT: 'The upstream did not answer in time.',
  UC: 'The upstream closed the connection before it had answered.',
  DC: 'The client closed the connection before it had the whole answer.',
  RL: 'A rate limit was reached.',
  FI: 'A fault was injected.',
  UAEX: 'An authorization policy denied the request.',
  DPE: 'The client broke the HTTP protocol.',
  UPE: 'The upstream broke the HTTP protocol.',
  RLSE: 'The service that counts global rate limits did not answer.',
  HG: 'An endpoint was slow, and another one was asked as well (hedging).',
  FB: 'The route answered by its fallback.',
  OM: 'The destination had more requests than it can work on, and shed this one.',
};

const names = Object.keys(RequestFlags) as readonly RequestFlag[];

/** The flags that are set, in the order of the table. */
export function flagNames(bits: number): RequestFlag[] {
  return names.filter((name) => (bits & RequestFlags[name]) !== 0);
}

/** `UF,URX`; empty for none. */
export function formatFlags(bits: number): string {
  return bits === 0 ? '' : flagNames(bits).join(',');
}

/** Bits of a text that `formatFlags` made; unknown names are left out. */
export function parseFlags(text: string): number {
  let bits = 0;
  for (const name of text.split(',')) if (Object.hasOwn(RequestFlags, name)) bits |= RequestFlags[name as RequestFlag];
  return bits;
}
