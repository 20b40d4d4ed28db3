// Who waits for a connection: told once, unless it abandons the wait before.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { ProxyError } from '../exchange/proxy-error.ts';
import type { UpstreamHandler, UpstreamStream } from '../exchange/upstream-stream.ts';

export interface StreamRequester extends UpstreamHandler {
  /** Set by the requester when it no longer waits; the connection then serves somebody else. */
  readonly isAbandoned: boolean;
  streamReady(stream: UpstreamStream, endpoint: BalancedEndpoint): void;
  streamFailed(error: ProxyError): void;
}
