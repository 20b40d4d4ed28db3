// Which requests a limit or a fault is for.

/** All given parts must hold; within a part any value suffices; an empty list does not restrict. */
export interface RequestCondition {
  /** SPIFFE IDs that a caller proved, exact or `prefix*`; `*` = any proven one. */
  readonly principals: readonly string[];
  readonly methods: readonly string[];
  /** Without the query: exact, `prefix*`, `*suffix`. */
  readonly paths: readonly string[];
  /** Names in lower case; values as for paths, `*` = present. */
  readonly headers: readonly { readonly name: string; readonly values: readonly string[] }[];
}

export const EVERY_REQUEST: RequestCondition = { principals: [], methods: [], paths: [], headers: [] };
