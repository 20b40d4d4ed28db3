// What the engine may ask of a request. The data plane implements it over its header block, without copying.

export interface RequestView {
  readonly method: string;
  /** Lower case, as sent, with port when it has one. */
  readonly authority: string;
  /** Path and query as sent. */
  readonly path: string;
  /** ISO 3166-1 code of two letters of where the client is; undefined = not known, as for all calls within the mesh. */
  readonly country?: string | undefined;
  /** Value of a header by its lower-case name; repeated fields joined by ", ". Called only when a rule needs it. */
  header(name: string): string | undefined;
}

/** A number in [0, 1). */
export type Random = () => number;
