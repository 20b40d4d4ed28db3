// What a dialect is: a pure function from one proxy's configuration to xDS resources, each encoded only when needed.
import type { MeshConfig } from '@malha/traffic';
import { versionOf } from '@malha/xds';

/** One encoded resource; `any` holds the value bytes of its Any. */
export interface XdsResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Content hash of `any`. */
  readonly version: string;
  readonly any: Uint8Array;
}

/** A resource before encoding. Two of one type and name with equal `source` have equal bytes. */
export interface ResourcePlan {
  readonly typeUrl: string;
  readonly name: string;
  /**
   * What decides the bytes, beside type and name: the key of the encoder's memo. One object of plain data goes by its
   * content. Several objects go by their identity: parts that many scopes share, or facts that are no plain data.
   */
  readonly source: object | readonly object[];
  readonly bytes: () => Uint8Array;
}

/** Facts about the proxy that the configuration does not hold. */
export interface DialectContext {
  /** Address that the proxy's listeners take, and the port for calls of others. */
  readonly address: string;
  readonly inboundPort: number;
  readonly outboundPort: number;
  readonly trustDomain: string;
  /** Undefined = the proxy has the secrets `identity` and `trust` by name. One object for equal paths. */
  readonly secretFiles: SecretFiles | undefined;
  /** A stored certificate of gateways by `<namespace>/<name>`; one object until it is replaced. */
  readonly certificateOf: (name: string) => CertificateMaterial | undefined;
}

/** What a gateway shows to clients, opened. */
export interface CertificateMaterial {
  /** PEM, leaf first. */
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

/** Files on the proxy's host that hold its secrets in Envoy's file-based SDS. */
export interface SecretFiles {
  readonly identity: string;
  readonly trust: string;
  /** Folder of the certificates of gateways, `<namespace>/<name>/tls.crt` and `tls.key`; absent where there are none. */
  readonly certificates?: string;
}

export interface Dialect {
  readonly name: 'malha' | 'envoy';
  /** Whether endpoints of a changed cluster must be sent again: Envoy warms it anew and waits for them. */
  readonly resendsEndpoints: boolean;
  plan(config: MeshConfig, context: DialectContext): ResourcePlan[];
}

export function encodePlan(plan: ResourcePlan): XdsResource {
  const any = plan.bytes();
  return { typeUrl: plan.typeUrl, name: plan.name, version: versionOf(any), any };
}

/** A value that no message of the dialect can carry. */
export class UnencodableError extends Error {
  readonly code = 'MALHA5061';

  constructor(
    readonly resource: string,
    readonly field: string,
    detail: string,
  ) {
    super(`${resource}: ${field}: ${detail}`);
    this.name = 'UnencodableError';
  }
}
