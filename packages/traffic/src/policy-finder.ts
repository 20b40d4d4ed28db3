// Finding the first policy with a rule that matches: by trying all, or by what a rule demands when there are many.
import type { AuthorizationRequest, RuleMatcher } from './authorization-rule.ts';
import type { AuthorizationRule } from './config.ts';
import { firstElement } from './path.ts';

/** A policy at its place in the order in which policies are asked. */
export interface RankedPolicy {
  readonly rank: number;
  readonly rules: readonly CompiledRule[];
}

export interface CompiledRule {
  readonly rule: AuthorizationRule;
  readonly matcher: RuleMatcher;
}

interface Candidate<P> {
  readonly policy: P;
  readonly matcher: RuleMatcher;
}

/** From here on the index costs less than trying all. */
const INDEX_FROM_RULES = 8;

export class PolicyFinder<P extends RankedPolicy> {
  readonly #byPrincipal = new Map<string, Candidate<P>[]>();
  readonly #byNamespace = new Map<string, Candidate<P>[]>();
  readonly #byPath = new Map<string, Candidate<P>[]>();
  readonly #byElement = new Map<string, Candidate<P>[]>();
  readonly #rest: Candidate<P>[] = [];

  constructor(policies: readonly P[]) {
    const isIndexed = policies.reduce((count, { rules }) => count + rules.length, 0) >= INDEX_FROM_RULES;
    for (const policy of policies) {
      for (const { rule, matcher } of policy.rules) {
        const candidate = { policy, matcher };
        if (isIndexed) this.#index(rule, candidate);
        else this.#rest.push(candidate);
      }
    }
  }

  /** The first policy, in order of rank, with a rule that matches the request with this reading of its path. */
  find(request: AuthorizationRequest, path: string, anyPart: boolean): P | undefined {
    const { principal, namespace } = request;
    let first = firstMatch(this.#rest, undefined, request, path, anyPart);
    if (principal !== undefined) first = firstMatch(this.#byPrincipal.get(principal), first, request, path, anyPart);
    if (namespace !== undefined) first = firstMatch(this.#byNamespace.get(namespace), first, request, path, anyPart);
    if (this.#byPath.size > 0) first = firstMatch(this.#byPath.get(path), first, request, path, anyPart);
    if (this.#byElement.size > 0)
      first = firstMatch(this.#byElement.get(firstElement(path)), first, request, path, anyPart);
    return first;
  }

  /** Under what a request must have for the rule to match; a rule that cannot be told apart so is always tried. */
  #index(rule: AuthorizationRule, candidate: Candidate<P>): void {
    const { principals, namespaces, paths } = rule;
    if (isExact(principals)) append(this.#byPrincipal, principals, candidate);
    else if (namespaces.length > 0) append(this.#byNamespace, namespaces, candidate);
    else if (isExact(paths)) append(this.#byPath, paths, candidate);
    else if (paths.length > 0 && paths.every(hasWholeElement))
      append(this.#byElement, paths.map(firstElement), candidate);
    else this.#rest.push(candidate);
  }
}

/** Lists are in order of rank, so the first match of each is its best. */
function firstMatch<P extends RankedPolicy>(
  candidates: readonly Candidate<P>[] | undefined,
  best: P | undefined,
  request: AuthorizationRequest,
  path: string,
  anyPart: boolean,
): P | undefined {
  if (candidates === undefined) return best;
  for (const { policy, matcher } of candidates) {
    if (best !== undefined && policy.rank >= best.rank) return best;
    if (matcher.matches(request, path, anyPart)) return policy;
  }
  return best;
}

function isExact(patterns: readonly string[]): boolean {
  return patterns.length > 0 && patterns.every((pattern) => !pattern.startsWith('*') && !pattern.endsWith('*'));
}

/** `/orders/1` and `/orders/*`, whose first element all their paths have, and not `/ord*`. */
function hasWholeElement(pattern: string): boolean {
  return pattern.startsWith('/') && (pattern.indexOf('/', 1) !== -1 || !pattern.endsWith('*'));
}

function append<T>(map: Map<string, T[]>, keys: readonly string[], item: T): void {
  for (const key of new Set(keys)) {
    const list = map.get(key);
    if (list === undefined) map.set(key, [item]);
    else list.push(item);
  }
}
