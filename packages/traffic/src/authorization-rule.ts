// One authorization rule, compiled: all given parts must hold, any value of a part suffices.
import type { AuthorizationRule } from './config.ts';
import { IpBlocks } from './ip-block.ts';
import { splitAuthority } from './mutation.ts';
import { StarPatterns } from './pattern.ts';

export interface AuthorizationRequest {
  /** SPIFFE ID from the peer's verified certificate; undefined for plaintext. */
  readonly principal?: string | undefined;
  /** Namespace of the principal. */
  readonly namespace?: string | undefined;
  readonly sourceIp: string;
  readonly method: string;
  /** Path and query as sent; rules see the path. */
  readonly path: string;
  /** Authority, with or without port. */
  readonly host: string;
  /** Port of the workload that was called. */
  readonly port: number;
  header(name: string): string | undefined;
}

function patterns(values: readonly string[]): StarPatterns | undefined {
  return values.length === 0 ? undefined : new StarPatterns(values);
}

function oneOf<T>(values: readonly T[]): ReadonlySet<T> | undefined {
  return values.length === 0 ? undefined : new Set(values);
}

export class RuleMatcher {
  readonly #principals: StarPatterns | undefined;
  readonly #namespaces: ReadonlySet<string> | undefined;
  readonly #ipBlocks: IpBlocks | undefined;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #paths: StarPatterns | undefined;
  readonly #hosts: StarPatterns | undefined;
  readonly #ports: ReadonlySet<number> | undefined;
  readonly #headers: readonly { readonly name: string; readonly values: StarPatterns }[];

  constructor(rule: AuthorizationRule) {
    this.#principals = patterns(rule.principals);
    this.#namespaces = oneOf(rule.namespaces);
    this.#ipBlocks = rule.ipBlocks.length === 0 ? undefined : new IpBlocks(rule.ipBlocks);
    this.#methods = oneOf(rule.methods);
    this.#paths = patterns(rule.paths);
    this.#hosts = patterns(rule.hosts.map((host) => host.toLowerCase()));
    this.#ports = oneOf(rule.ports);
    this.#headers = rule.headers.map(({ name, values }) => ({
      name: name.toLowerCase(),
      values: new StarPatterns(values),
    }));
  }

  /**
   * `path` is one reading of the request's path, without query. `anyPart`: of a header that is a list, or repeated, one
   * part suffices; an application may take the one or the other for the value.
   */
  matches(request: AuthorizationRequest, path: string, anyPart: boolean): boolean {
    return (
      this.#matchesSource(request) && this.#matchesOperation(request, path) && this.#matchesHeaders(request, anyPart)
    );
  }

  #matchesSource(request: AuthorizationRequest): boolean {
    const { principal, namespace } = request;
    if (this.#principals !== undefined && (principal === undefined || !this.#principals.matches(principal)))
      return false;
    if (this.#namespaces !== undefined && (namespace === undefined || !this.#namespaces.has(namespace))) return false;
    return this.#ipBlocks === undefined || this.#ipBlocks.has(request.sourceIp);
  }

  #matchesOperation(request: AuthorizationRequest, path: string): boolean {
    if (this.#methods !== undefined && !this.#methods.has(request.method)) return false;
    if (this.#ports !== undefined && !this.#ports.has(request.port)) return false;
    if (this.#paths !== undefined && !this.#paths.matches(path)) return false;
    return this.#hosts === undefined || this.#matchesHost(this.#hosts, request.host.toLowerCase());
  }

  #matchesHost(hosts: StarPatterns, host: string): boolean {
    return hosts.matches(host) || hosts.matches(splitAuthority(host).host);
  }

  #matchesHeaders(request: AuthorizationRequest, anyPart: boolean): boolean {
    for (const { name, values } of this.#headers) {
      const value = request.header(name);
      if (value === undefined) return false;
      if (!values.matches(value) && !(anyPart && matchesPart(values, value))) return false;
    }
    return true;
  }
}

function matchesPart(values: StarPatterns, list: string): boolean {
  return list.includes(',') && list.split(',').some((part) => values.matches(part.trim()));
}
