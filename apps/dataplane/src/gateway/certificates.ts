// Certificates that gateways show to clients outside, by name; each is checked once and kept as a TLS context's input.
import { createSecureContext } from 'node:tls';
import type { GatewayListener, GatewayServer } from '@malha/traffic/config';
import { certificatesOf } from '@malha/traffic/gateway';

/** Plain data: it crosses a thread border. */
export interface GatewayCertificate {
  /** `<namespace>/<name>` */
  readonly name: string;
  readonly certificateChainPem: string;
  readonly privateKeyPem: string;
}

/** Throws with OpenSSL's words when chain and key are not what TLS needs, or do not belong together. */
export function checkCertificate({ certificateChainPem, privateKeyPem }: GatewayCertificate): void {
  createSecureContext({ cert: certificateChainPem, key: privateKeyPem });
}

/** What is there, and why what is missing is missing; by name. */
export interface FoundCertificates {
  readonly usable: readonly GatewayCertificate[];
  readonly problems: ReadonlyMap<string, string>;
}

export class GatewayCertificates {
  private byName: ReadonlyMap<string, GatewayCertificate> = new Map();
  private whyMissing: ReadonlyMap<string, string> = new Map();

  replace({ usable, problems }: FoundCertificates): void {
    this.byName = new Map(usable.map((certificate) => [certificate.name, certificate]));
    this.whyMissing = problems;
  }

  /** Words for each certificate that the listener names and that is not there. */
  problemsOf(listener: GatewayListener): string[] {
    return certificatesOf(listener)
      .filter((name) => !this.byName.has(name))
      .map((name) => `certificate ${name}: ${this.whyMissing.get(name) ?? 'not there'}`);
  }

  /** Those of the server that are there; a server without any takes no handshake. */
  of({ certificates }: GatewayServer): readonly GatewayCertificate[] {
    return certificates.flatMap((name) => this.byName.get(name) ?? []);
  }
}
