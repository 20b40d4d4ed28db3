// What agents and control plane say to each other, as the api's own types; rpc/ turns protobuf into them.
import type { Hello } from '../registry/registry.ts';
import type { Beat } from '../registry/sessions.ts';

export interface ResourceError {
  readonly typeUrl: string;
  readonly name: string;
  readonly message: string;
}

export type FromAgent =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'heartbeat'; readonly beat: Beat }
  | { readonly type: 'served'; readonly hash: string; readonly errors: readonly ResourceError[] }
  | { readonly type: 'dump'; readonly requestId: string; readonly json: Uint8Array }
  | { readonly type: 'goodbye' };

export type ToAgent =
  | { readonly type: 'welcome'; readonly heartbeatIntervalMs: number }
  | { readonly type: 'dump-request'; readonly requestId: string; readonly what: DumpSubject }
  | { readonly type: 'drain' }
  | { readonly type: 'trust-changed' };

export const DUMP_SUBJECTS = ['config', 'clusters', 'certs', 'stats'] as const;
export type DumpSubject = (typeof DUMP_SUBJECTS)[number];

/** The way back to one agent. */
export interface AgentStream {
  send(message: ToAgent): void;
  /** Ends the stream; with a failure, the agent sees it and connects again. */
  end(failure?: Error): void;
}

/** An agent serves another configuration, or refused a part of one. */
export interface ServedReport {
  /** `namespace/name` */
  readonly workload: string;
  readonly hash: string;
  readonly errors: readonly ResourceError[];
  /** When this replica, or the one that holds the session, heard of it. */
  readonly atMs: number;
}
