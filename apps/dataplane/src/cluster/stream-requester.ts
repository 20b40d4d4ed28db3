// Who wants a stream to an upstream, and its place in the queue while there is none.
import type { BalancedEndpoint } from '@malha/traffic/balancer';
import type { ProxyError } from '../exchange/proxy-error.ts';
import type { UpstreamHandler, UpstreamStream } from '../exchange/upstream-stream.ts';

export interface StreamRequester extends UpstreamHandler {
  /** The request wants a tunnel: every HTTP/1.1 connection can become one, of HTTP/2 only where the peer says so. */
  readonly wantsTunnel?: boolean;
  /** Of the key by which a hashing balancer picks, or NO_HASH. */
  readonly hash: number;
  /** The endpoint of its session, which must be one of the cluster; undefined = the balancer picks. */
  readonly preferred?: BalancedEndpoint | undefined;
  /** Where its stream is to go, before there is one; it may yet be another. */
  endpointPicked?(endpoint: BalancedEndpoint): void;
  streamReady(stream: UpstreamStream, endpoint: BalancedEndpoint): void;
  /** `picked`: the endpoint that could not be connected to, if there was one. */
  streamFailed(error: ProxyError, picked?: BalancedEndpoint): void;
}

/** Told once, by a stream or by a failure, unless it is cancelled before; what was meant for it then serves somebody else. */
export class Waiting {
  private requester: StreamRequester | undefined;
  readonly wantsTunnel: boolean;
  readonly hash: number;

  constructor(requester: StreamRequester) {
    this.requester = requester;
    this.wantsTunnel = requester.wantsTunnel === true;
    this.hash = requester.hash;
  }

  get isCancelled(): boolean {
    return this.requester === undefined;
  }

  cancel(): void {
    this.requester = undefined;
  }

  /** The requester, who is told by the caller; undefined when it no longer waits. */
  take(): StreamRequester | undefined {
    const { requester } = this;
    this.requester = undefined;
    return requester;
  }
}
