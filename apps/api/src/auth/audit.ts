// Who did what to security and to running proxies. Changes of resources have their own record: the revisions.

export interface AuditEntry {
  /** E-mail address, or the name that a caller of the admin socket gave. */
  readonly actor: string;
  /** Name of the procedure: `joinTokens.create`. */
  readonly action: string;
  readonly target: string;
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** Rejects when the entry cannot be stored: what cannot be recorded is reported as failed. */
export type Audit = (entry: AuditEntry) => Promise<unknown>;
