// A condition on requests, compiled once and asked for each request: parts that must all hold.
import { pathOf } from './path.ts';
import { StarPatterns } from './pattern.ts';
import type { RequestCondition } from './request-condition.ts';

/** What a condition may ask of a request. */
export interface ConditionView {
  /** Undefined: the caller proved nothing. */
  readonly principal: string | undefined;
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  header(name: string): string | undefined;
}

export class ConditionMatcher {
  readonly #principals: StarPatterns | undefined;
  readonly #methods: ReadonlySet<string> | undefined;
  readonly #paths: StarPatterns | undefined;
  readonly #headers: readonly { readonly name: string; readonly values: StarPatterns }[];

  constructor({ principals, methods, paths, headers }: RequestCondition) {
    this.#principals = principals.length === 0 ? undefined : new StarPatterns(principals);
    this.#methods = methods.length === 0 ? undefined : new Set(methods);
    this.#paths = paths.length === 0 ? undefined : new StarPatterns(paths);
    this.#headers = headers.map(({ name, values }) => ({ name, values: new StarPatterns(values) }));
  }

  matches(request: ConditionView): boolean {
    if (this.#methods !== undefined && !this.#methods.has(request.method)) return false;
    if (this.#principals !== undefined) {
      const { principal } = request;
      if (principal === undefined || !this.#principals.matches(principal)) return false;
    }
    if (this.#paths !== undefined && !this.#paths.matches(pathOf(request.path))) return false;
    for (const { name, values } of this.#headers) {
      const value = request.header(name);
      if (value === undefined || !values.matches(value)) return false;
    }
    return true;
  }
}
