// TLS of the gRPC servers, changed while they run: new connections get the newest certificate, open ones stay.
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { ServerCertificate } from '../ca/server-identity.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;

export class RotatingCredentials extends ServerCredentials {
  /** With `requestCert`, a client without a certificate of the mesh does not get through the handshake. */
  constructor(certificate: ServerCertificate, requestCert: boolean) {
    super(
      {
        minVersion: 'TLSv1.3',
        requestCert,
        rejectUnauthorized: requestCert,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      },
      contextOf(certificate),
    );
  }

  rotate(certificate: ServerCertificate): void {
    this.updateSecureContextOptions(contextOf(certificate));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOf(certificate: ServerCertificate): SecureContextOptions {
  return {
    cert: certificate.certificateChainPem,
    key: certificate.privateKeyPem,
    ca: certificate.trustBundlePem,
    minVersion: 'TLSv1.3',
  };
}
