// Authorization of inbound requests: DENY first; with any ALLOW policy the rest is denied; Shadow is only counted.

import { type AuthorizationRequest, RuleMatcher } from './authorization-rule.ts';
import type { AuthorizationPolicyRules, AuthorizationRules } from './config.ts';
import { needsNormalization, normalizePath, pathOf } from './path.ts';
import { type CompiledRule, PolicyFinder, type RankedPolicy } from './policy-finder.ts';

export type { AuthorizationRequest };

export interface AuthorizationDecision {
  readonly allowed: boolean;
  /** The policy that denied, or that allowed; for the operator only. */
  readonly policy?: string;
  /** `no-allow`: there are ALLOW policies and none matched; `policy` is the first of them. */
  readonly reason: 'no-policy' | 'allowed' | 'denied' | 'no-allow';
  /** The Shadow policy that would have denied the request if it were enforced. */
  readonly shadowDenied?: string;
  /** The AUDIT policy that marks the request. */
  readonly audited?: string;
}

export interface Authorizer {
  decide(request: AuthorizationRequest): AuthorizationDecision;
}

const NO_POLICY: AuthorizationDecision = Object.freeze({ allowed: true, reason: 'no-policy' });

export function compileAuthorization(rules: AuthorizationRules): Authorizer {
  return rules.policies.length === 0 ? { decide: () => NO_POLICY } : new PolicyAuthorizer(rules.policies);
}

class CompiledPolicy implements RankedPolicy {
  readonly id: string;
  readonly rank: number;
  readonly rules: readonly CompiledRule[];
  readonly denied: AuthorizationDecision;
  readonly allowed: AuthorizationDecision;
  readonly noAllow: AuthorizationDecision;

  constructor({ id, rules }: AuthorizationPolicyRules, rank: number) {
    this.id = id;
    this.rank = rank;
    this.rules = rules.map((rule) => ({ rule, matcher: new RuleMatcher(rule) }));
    this.denied = Object.freeze({ allowed: false, reason: 'denied', policy: id });
    this.allowed = Object.freeze({ allowed: true, reason: 'allowed', policy: id });
    this.noAllow = Object.freeze({ allowed: false, reason: 'no-allow', policy: id });
  }

  /** Whether any rule matches the request with this reading of its path. */
  matches(request: AuthorizationRequest, path: string, anyPart: boolean): boolean {
    for (const { matcher } of this.rules) if (matcher.matches(request, path, anyPart)) return true;
    return false;
  }
}

/** The path as sent and, when it can be read differently, as a lenient application would read it. */
type Paths = readonly [sent: string, normal: string | undefined];

/** Policies of one action and mode, in the order of their resources. */
class PolicyList {
  readonly first: CompiledPolicy | undefined;
  readonly #policies: readonly CompiledPolicy[];
  readonly #finder: PolicyFinder<CompiledPolicy>;

  constructor(policies: readonly AuthorizationPolicyRules[]) {
    this.#policies = policies.map((policy, rank) => new CompiledPolicy(policy, rank));
    this.#finder = new PolicyFinder(this.#policies);
    this.first = this.#policies[0];
  }

  /** The first that matches the request with any reading of its path. */
  ofAnyReading(request: AuthorizationRequest, [sent, normal]: Paths): CompiledPolicy | undefined {
    const one = this.#finder.find(request, sent, true);
    const other = normal === undefined ? undefined : this.#finder.find(request, normal, true);
    return one === undefined || (other !== undefined && other.rank < one.rank) ? other : one;
  }

  /** The first that matches the request with every reading of its path. */
  ofEveryReading(request: AuthorizationRequest, [sent, normal]: Paths): CompiledPolicy | undefined {
    if (normal === undefined) return this.#finder.find(request, sent, false);
    return this.#policies.find(
      (policy) => policy.matches(request, sent, false) && policy.matches(request, normal, false),
    );
  }
}

class PolicyAuthorizer implements Authorizer {
  readonly #deny: PolicyList;
  readonly #allow: PolicyList;
  readonly #audit: PolicyList;
  readonly #shadowDeny: PolicyList;
  readonly #shadowAllow: PolicyList;
  readonly #isPlain: boolean;

  constructor(policies: readonly AuthorizationPolicyRules[]) {
    const select = (action: AuthorizationPolicyRules['action'], mode: AuthorizationPolicyRules['mode']) =>
      policies.filter((policy) => policy.action === action && policy.mode === mode);
    this.#deny = new PolicyList(select('DENY', 'Enforce'));
    this.#allow = new PolicyList(select('ALLOW', 'Enforce'));
    this.#audit = new PolicyList([...select('AUDIT', 'Enforce'), ...select('AUDIT', 'Shadow')]);
    this.#shadowDeny = new PolicyList(select('DENY', 'Shadow'));
    this.#shadowAllow = new PolicyList(select('ALLOW', 'Shadow'));
    this.#isPlain = [this.#audit, this.#shadowDeny, this.#shadowAllow].every(({ first }) => first === undefined);
  }

  decide(request: AuthorizationRequest): AuthorizationDecision {
    const sent = pathOf(request.path);
    const paths: Paths = [sent, needsNormalization(sent) ? normalizePath(sent) : undefined];
    const decision = this.#enforced(request, paths);
    if (this.#isPlain || !decision.allowed) return decision;
    const shadowDenied = this.#shadowDenial(request, paths);
    const audited = this.#audit.ofAnyReading(request, paths)?.id;
    if (shadowDenied === undefined && audited === undefined) return decision;
    return {
      ...decision,
      ...(shadowDenied === undefined ? {} : { shadowDenied }),
      ...(audited === undefined ? {} : { audited }),
    };
  }

  #enforced(request: AuthorizationRequest, paths: Paths): AuthorizationDecision {
    const denying = this.#deny.ofAnyReading(request, paths);
    if (denying !== undefined) return denying.denied;
    const { first } = this.#allow;
    if (first === undefined) return NO_POLICY;
    return this.#allow.ofEveryReading(request, paths)?.allowed ?? first.noAllow;
  }

  /** What would deny the allowed request if all Shadow policies were enforced. */
  #shadowDenial(request: AuthorizationRequest, paths: Paths): string | undefined {
    const denying = this.#shadowDeny.ofAnyReading(request, paths);
    if (denying !== undefined) return denying.id;
    const { first } = this.#shadowAllow;
    // With an enforced ALLOW policy, the request was allowed by one of them and stays so.
    if (first === undefined || this.#allow.first !== undefined) return undefined;
    return this.#shadowAllow.ofEveryReading(request, paths) === undefined ? first.id : undefined;
  }
}
