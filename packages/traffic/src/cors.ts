// Cross-origin requests of browsers (Fetch standard §3.2): what a preflight is answered, what a response tells the browser.
import type { CorsPolicy, HeaderValue } from './config.ts';

const ANY = '*';
const SAFE_METHODS = 'GET, HEAD, POST';

/** What a request says of its origin; undefined = the header is absent. */
export interface CorsRequest {
  readonly method: string;
  readonly origin: string | undefined;
  /** `Access-Control-Request-Method` */
  readonly requestMethod: string | undefined;
  /** `Access-Control-Request-Headers` */
  readonly requestHeaders: string | undefined;
}

/** A policy ready for use. */
export class Cors {
  private readonly policy: CorsPolicy;
  private readonly exact = new Set<string>();
  private readonly patterns: (readonly string[])[] = [];
  private readonly isAnyOrigin: boolean;

  constructor(policy: CorsPolicy) {
    this.policy = policy;
    this.isAnyOrigin = policy.allowOrigins.includes(ANY);
    for (const origin of policy.allowOrigins) {
      const normal = withPort(origin);
      if (normal.includes(ANY)) this.patterns.push(normal.split(ANY));
      else this.exact.add(normal);
    }
  }

  /** Headers of the answer to a preflight, empty when the origin is not allowed; undefined = it is no preflight. */
  preflight(request: CorsRequest): readonly HeaderValue[] | undefined {
    const { method, origin, requestMethod, requestHeaders } = request;
    if (method !== 'OPTIONS' || origin === undefined || requestMethod === undefined) return undefined;
    if (!this.allows(origin)) return [];
    const { allowMethods, allowHeaders, maxAgeSeconds } = this.policy;
    const headers = [
      ...this.shared(origin),
      header('access-control-allow-methods', this.list(allowMethods, requestMethod, SAFE_METHODS)),
    ];
    if (requestHeaders !== undefined && allowHeaders.length > 0)
      headers.push(header('access-control-allow-headers', this.list(allowHeaders, requestHeaders, '')));
    headers.push(header('access-control-max-age', String(maxAgeSeconds)));
    return headers;
  }

  /** Headers that the response to a request of this origin gets; none when the origin is absent or not allowed. */
  response(origin: string | undefined): readonly HeaderValue[] {
    if (origin === undefined || !this.allows(origin)) return [];
    const { exposeHeaders, allowCredentials } = this.policy;
    const shown = allowCredentials ? exposeHeaders.filter((name) => name !== ANY) : exposeHeaders;
    const headers = this.shared(origin);
    if (shown.length > 0) headers.push(header('access-control-expose-headers', shown.join(', ')));
    return headers;
  }

  allows(origin: string): boolean {
    if (this.isAnyOrigin) return true;
    const normal = withPort(origin);
    return this.exact.has(normal) || this.patterns.some((parts) => matchesParts(normal, parts));
  }

  /** The origin is echoed, never `*`: the same answer serves requests with credentials. */
  private shared(origin: string): HeaderValue[] {
    const headers = [header('access-control-allow-origin', origin), header('vary', 'Origin')];
    if (this.policy.allowCredentials) headers.push(header('access-control-allow-credentials', 'true'));
    return headers;
  }

  /** With credentials `*` means nothing to a browser (Fetch §3.2.5), so what was asked for is echoed. */
  private list(allowed: readonly string[], asked: string, none: string): string {
    if (allowed.length === 0) return none;
    if (!allowed.includes(ANY)) return allowed.join(', ');
    return this.policy.allowCredentials ? asked : ANY;
  }
}

function header(name: string, value: string): HeaderValue {
  return { name, value };
}

/** Origins in lower case with their port, so that one without and one with the scheme's own port are the same. */
function withPort(origin: string): string {
  const lower = origin.toLowerCase();
  if (/:(?:\d+|\*)$/.test(lower)) return lower;
  if (lower.startsWith('https://')) return `${lower}:443`;
  return lower.startsWith('http://') ? `${lower}:80` : lower;
}

/** Between the parts may stand anything: they are found from the left, the last one at the end. Linear in the text. */
function matchesParts(text: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
