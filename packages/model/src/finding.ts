// Finding: one thing that validation or analysis has to say about a resource.
import type { FindingCode, Severity } from './catalogue.ts';
import type { ResourceKey } from './resource.ts';

export interface Finding {
  /** Stable; title, cause and remedy are in the catalogue. */
  readonly code: FindingCode;
  readonly severity: Severity;
  readonly object?: ResourceKey;
  /** `spec.rules[0].backendRefs[1].weight`; empty for the whole object or document. */
  readonly path: string;
  readonly message: string;
  readonly remedy?: string;
  /** 1-based line of the text that was parsed. */
  readonly line?: number;
  /** Name of the file or input that was parsed. */
  readonly source?: string;
}
