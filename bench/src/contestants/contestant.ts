// What a comparison needs of a proxy: start it in front of an upstream, alone or as a pair with mutual TLS between.
import type { Running } from '../processes.ts';

/**
 * `grpc`: one proxy, HTTP/2 in cleartext on both sides, unary calls. `tcp-pair`: bytes through two proxies with mutual TLS
 * between, answers of 1 MiB.
 */
export type Scenario = 'single' | 'mtls-pair' | 'grpc' | 'tcp-pair';

export interface Started {
  readonly proxies: readonly Running[];
  /** Where the load goes. */
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Configuration as the contestant read it, printed with the results. */
  readonly configuration: string;
  /** What was switched on. */
  readonly features: readonly string[];
}

export interface Contestant {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Why it cannot run here; undefined = it can. */
  missing(): string | undefined;
  start(scenario: Scenario, environment: Environment): Promise<Started>;
}

export interface Environment {
  /** The application: nginx answering 60 bytes of JSON, and 1 MiB at `/large`. */
  readonly upstreamPort: number;
  /** A gRPC service: nginx answering a message and a status. */
  readonly grpcPort: number;
  /** Empty folder for configuration files. */
  readonly directory: string;
  readonly identities: { readonly client: IdentityFiles; readonly server: IdentityFiles };
  /** A loopback port that nothing listens on. */
  freePort(): Promise<number>;
}

/** Paths of PEM files. */
export interface IdentityFiles {
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
  readonly trust: string;
  readonly spiffeId: string;
}
