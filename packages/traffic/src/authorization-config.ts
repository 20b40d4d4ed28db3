// Runtime configuration: who may call a port.

/** DENY first; with any ALLOW policy the rest is denied. Shadow policies are evaluated and counted, never acted on. */
export interface AuthorizationRules {
  readonly policies: readonly AuthorizationPolicyRules[];
}

export interface AuthorizationPolicyRules {
  /** `<namespace>/<name>`; for the operator, never sent to a client. */
  readonly id: string;
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT';
  readonly mode: 'Enforce' | 'Shadow';
  /** Any rule suffices; none = the policy matches nothing. */
  readonly rules: readonly AuthorizationRule[];
}

/** All given parts must hold; within a part any value suffices; an empty list does not restrict. */
export interface AuthorizationRule {
  /** SPIFFE IDs; a trailing `*` matches by prefix, `*` alone any authenticated peer. */
  readonly principals: readonly string[];
  readonly namespaces: readonly string[];
  /** CIDR. */
  readonly ipBlocks: readonly string[];
  readonly methods: readonly string[];
  /** Exact, or `prefix*`, or `*suffix`. */
  readonly paths: readonly string[];
  readonly hosts: readonly string[];
  readonly ports: readonly number[];
  /** Values as for paths; `*` = present. */
  readonly headers: readonly { readonly name: string; readonly values: readonly string[] }[];
}
