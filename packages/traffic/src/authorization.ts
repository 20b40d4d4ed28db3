// Authorization of inbound requests: DENY first; with any ALLOW policy the rest is denied; Shadow is only counted.

import { type AuthorizationRequest, RuleMatcher } from './authorization-rule.ts';
import type { AuthorizationPolicyRules, AuthorizationRules } from './config.ts';
import { needsNormalization, normalizePath, pathOf } from './path.ts';

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

class CompiledPolicy {
  readonly id: string;
  readonly denied: AuthorizationDecision;
  readonly allowed: AuthorizationDecision;
  readonly noAllow: AuthorizationDecision;
  readonly #rules: readonly RuleMatcher[];

  constructor(policy: AuthorizationPolicyRules) {
    this.id = policy.id;
    this.#rules = policy.rules.map((rule) => new RuleMatcher(rule));
    this.denied = Object.freeze({ allowed: false, reason: 'denied', policy: policy.id });
    this.allowed = Object.freeze({ allowed: true, reason: 'allowed', policy: policy.id });
    this.noAllow = Object.freeze({ allowed: false, reason: 'no-allow', policy: policy.id });
  }

  /** Whether any rule matches the request with this reading of its path. */
  matches(request: AuthorizationRequest, path: string, anyPart: boolean): boolean {
    for (const rule of this.#rules) if (rule.matches(request, path, anyPart)) return true;
    return false;
  }
}

/** The path as sent and, when it can be read differently, as a lenient application would read it. */
type Paths = readonly [sent: string, normal: string | undefined];

function matchesAnyReading(policy: CompiledPolicy, request: AuthorizationRequest, [sent, normal]: Paths): boolean {
  return policy.matches(request, sent, true) || (normal !== undefined && policy.matches(request, normal, true));
}

function matchesEveryReading(policy: CompiledPolicy, request: AuthorizationRequest, [sent, normal]: Paths): boolean {
  return policy.matches(request, sent, false) && (normal === undefined || policy.matches(request, normal, false));
}

class PolicyAuthorizer implements Authorizer {
  readonly #deny: readonly CompiledPolicy[];
  readonly #allow: readonly CompiledPolicy[];
  readonly #audit: readonly CompiledPolicy[];
  readonly #shadowDeny: readonly CompiledPolicy[];
  readonly #shadowAllow: readonly CompiledPolicy[];
  readonly #isPlain: boolean;

  constructor(policies: readonly AuthorizationPolicyRules[]) {
    const select = (action: AuthorizationPolicyRules['action'], mode: AuthorizationPolicyRules['mode']) =>
      policies
        .filter((policy) => policy.action === action && policy.mode === mode)
        .map((policy) => new CompiledPolicy(policy));
    this.#deny = select('DENY', 'Enforce');
    this.#allow = select('ALLOW', 'Enforce');
    this.#audit = [...select('AUDIT', 'Enforce'), ...select('AUDIT', 'Shadow')];
    this.#shadowDeny = select('DENY', 'Shadow');
    this.#shadowAllow = select('ALLOW', 'Shadow');
    this.#isPlain = this.#audit.length + this.#shadowDeny.length + this.#shadowAllow.length === 0;
  }

  decide(request: AuthorizationRequest): AuthorizationDecision {
    const sent = pathOf(request.path);
    const paths: Paths = [sent, needsNormalization(sent) ? normalizePath(sent) : undefined];
    const decision = this.#enforced(request, paths);
    if (this.#isPlain || !decision.allowed) return decision;
    const shadowDenied = this.#shadowDenial(request, paths);
    const audited = this.#audit.find((policy) => matchesAnyReading(policy, request, paths))?.id;
    if (shadowDenied === undefined && audited === undefined) return decision;
    return {
      ...decision,
      ...(shadowDenied === undefined ? {} : { shadowDenied }),
      ...(audited === undefined ? {} : { audited }),
    };
  }

  #enforced(request: AuthorizationRequest, paths: Paths): AuthorizationDecision {
    for (const policy of this.#deny) if (matchesAnyReading(policy, request, paths)) return policy.denied;
    const [first] = this.#allow;
    if (first === undefined) return NO_POLICY;
    for (const policy of this.#allow) if (matchesEveryReading(policy, request, paths)) return policy.allowed;
    return first.noAllow;
  }

  /** What would deny the allowed request if all Shadow policies were enforced. */
  #shadowDenial(request: AuthorizationRequest, paths: Paths): string | undefined {
    for (const policy of this.#shadowDeny) if (matchesAnyReading(policy, request, paths)) return policy.id;
    const [first] = this.#shadowAllow;
    // With an enforced ALLOW policy, the request was allowed by one of them and stays so.
    if (first === undefined || this.#allow.length > 0) return undefined;
    return this.#shadowAllow.some((policy) => matchesEveryReading(policy, request, paths)) ? undefined : first.id;
  }
}
