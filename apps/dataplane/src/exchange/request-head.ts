// The head of a request without its HTTP version: what filters see and what the traffic engine matches on.
import type { RequestView } from '@malha/traffic/request-view';
import type { HeaderBlock } from './header-block.ts';

/** Of `Allow` in an answer of the proxy's own to a method that it does not serve. */
export const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

/** A body whose length is known only when it has ended. */
export const UNKNOWN_LENGTH = -1;

export class RequestHead implements RequestView {
  readonly method: string;
  /** As the client named the host, lower case, with its port; empty when it named none (HTTP/1.0). */
  authority: string;
  /** Path and query, or `*`. */
  path: string;
  readonly headers: HeaderBlock;
  /** 0 = no body, UNKNOWN_LENGTH = a body that ends when it ends. */
  readonly contentLength: number;
  /** Protocol that the client asks to switch to (lower case), or empty. */
  readonly upgrade: string;
  /** The client understands trailers (`TE: trailers`), which gRPC servers insist on. */
  readonly takesTrailers: boolean;
  /** Of the client of a gateway, where a rule asks for it. */
  country: string | undefined;

  constructor(
    method: string,
    authority: string,
    path: string,
    headers: HeaderBlock,
    contentLength: number,
    upgrade: string,
    takesTrailers: boolean,
  ) {
    this.method = method;
    this.authority = authority;
    this.path = path;
    this.headers = headers;
    this.contentLength = contentLength;
    this.upgrade = upgrade;
    this.takesTrailers = takesTrailers;
  }

  /** A copy whose headers change by themselves. */
  clone(): RequestHead {
    const { method, authority, path, headers, contentLength, upgrade, takesTrailers } = this;
    return new RequestHead(method, authority, path, headers.clone(), contentLength, upgrade, takesTrailers);
  }

  header(name: string): string | undefined {
    return this.headers.get(name);
  }
}
