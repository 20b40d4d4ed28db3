// Why a request got no answer from its destination: code, status and response flag, with words for client and operator.

const DEADLINE_EXCEEDED = 4;
const RESOURCE_EXHAUSTED = 8;

/** Response flags by Envoy's names. */
export type FailureFlag =
  | 'UF'
  | 'UO'
  | 'NR'
  | 'NC'
  | 'UH'
  | 'URX'
  | 'UT'
  | 'UC'
  | 'DC'
  | 'UAEX'
  | 'DPE'
  | 'UPE'
  | 'RL'
  | 'FI'
  | 'RLSE'
  | 'OM'
  | '';

interface FailureKind {
  readonly code: string;
  readonly status: number;
  readonly flag: FailureFlag;
  /** For calls of gRPC; without it clients' own mapping of the status. */
  readonly grpcStatus?: number;
  /** All that a client may learn. */
  readonly message: string;
}

/** Every failure that the data path answers by itself. `docs/errors.md` lists the same codes. */
export const FAILURES = {
  malformedRequest: { code: 'MALHA4001', status: 400, flag: 'DPE', message: 'malformed request' },
  malformedResponse: { code: 'MALHA4002', status: 502, flag: 'UPE', message: 'malformed response from upstream' },
  noRoute: { code: 'MALHA4003', status: 404, flag: 'NR', message: 'no route for this request' },
  noCluster: { code: 'MALHA4004', status: 503, flag: 'NC', message: 'destination is not known' },
  noHealthyUpstream: { code: 'MALHA4005', status: 503, flag: 'UH', message: 'no healthy upstream' },
  connectFailed: { code: 'MALHA4006', status: 503, flag: 'UF', message: 'upstream connection failed' },
  overflow: { code: 'MALHA4007', status: 503, flag: 'UO', message: 'upstream limit reached' },
  upstreamReset: { code: 'MALHA4008', status: 503, flag: 'UC', message: 'upstream closed the connection' },
  requestTimeout: { code: 'MALHA4009', status: 504, flag: 'UT', message: 'upstream request timeout' },
  clientGone: { code: 'MALHA4010', status: 499, flag: 'DC', message: 'client closed the connection' },
  denied: { code: 'MALHA4011', status: 403, flag: 'UAEX', message: 'access denied' },
  peerIdentity: { code: 'MALHA4012', status: 503, flag: 'UF', message: 'upstream connection failed' },
  noIdentity: { code: 'MALHA4013', status: 503, flag: 'UF', message: 'upstream connection failed' },
  unsupportedProtocol: {
    code: 'MALHA4014',
    status: 501,
    flag: 'NR',
    message: 'protocol of this port is not served here',
  },
  streamRefused: { code: 'MALHA4016', status: 503, flag: 'UC', message: 'upstream closed the connection' },
  misdirected: { code: 'MALHA4017', status: 421, flag: 'NR', message: 'this host is not served on this connection' },
  deadlineExceeded: {
    code: 'MALHA4018',
    status: 504,
    flag: 'UT',
    grpcStatus: DEADLINE_EXCEEDED,
    message: 'deadline exceeded',
  },
  /** Not UNAVAILABLE, which clients take for a reason to try again at once. */
  rateLimited: {
    code: 'MALHA4030',
    status: 429,
    flag: 'RL',
    grpcStatus: RESOURCE_EXHAUSTED,
    message: 'too many requests',
  },
  limitUnavailable: { code: 'MALHA4032', status: 500, flag: 'RLSE', message: 'rate limit cannot be counted' },
  faultInjected: { code: 'MALHA4031', status: 503, flag: 'FI', message: 'fault injected' },
  overloaded: { code: 'MALHA4040', status: 503, flag: 'OM', message: 'the service is overloaded' },
  requestTooLarge: {
    code: 'MALHA4041',
    status: 413,
    flag: '',
    grpcStatus: RESOURCE_EXHAUSTED,
    message: 'request is too large',
  },
  protocolNotAllowed: { code: 'MALHA4042', status: 403, flag: '', message: 'protocol is not allowed here' },
  invalidBackend: { code: 'MALHA4015', status: 500, flag: 'NC', message: 'backend is not valid' },
} as const satisfies Record<string, FailureKind>;

export type FailureName = keyof typeof FAILURES;

export interface ProxyErrorOptions extends ErrorOptions {
  /** Other answers than those of its kind. */
  readonly status?: number;
  readonly grpcStatus?: number;
}

export class ProxyError extends Error {
  readonly failure: FailureName;
  readonly code: string;
  readonly status: number;
  readonly flag: FailureFlag;
  /** Undefined: what clients make of the HTTP status. */
  readonly grpcStatus: number | undefined;

  /** `detail` is for the operator: cluster, endpoint, what the socket said. */
  constructor(failure: FailureName, detail: string, options: ProxyErrorOptions = {}) {
    const kind: FailureKind = FAILURES[failure];
    const { code, flag, message } = kind;
    const { status = kind.status, grpcStatus = kind.grpcStatus } = options;
    super(`${message}: ${detail}`, options);
    this.name = 'ProxyError';
    this.failure = failure;
    this.code = code;
    this.status = status;
    this.flag = flag;
    this.grpcStatus = grpcStatus;
  }

  get clientMessage(): string {
    return FAILURES[this.failure].message;
  }
}
