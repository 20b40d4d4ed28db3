// Who calls on the mTLS port: the SPIFFE identity of the client certificate, checked on every call.
import type { AuthContext } from '@grpc/grpc-js/build/src/auth-context.js';
import { type SpiffeIdentity, type TrustBundle, verifyPeer } from '@malha/identity';
import type { Clock } from '@malha/traffic/clock';
import { CaError } from '../ca/errors.ts';

/** Certificates whose parsing is remembered; each check of validity and denial is done anew. */
const REMEMBERED_MAX = 4_096;

export interface Peer {
  readonly identity: SpiffeIdentity;
  /** Of the presented certificate: hex, lower case. */
  readonly serial: string;
  readonly notAfterMs: number;
}

/** Any grpc-js server call, unary or streaming. */
export interface AuthenticatedCall {
  getAuthContext(): AuthContext;
}

export interface PeerVerifierDeps {
  readonly trustBundle: () => TrustBundle;
  readonly clock: Clock;
  /** Throws when the identity or the certificate is on the deny list. */
  readonly checkDenied: (identity: SpiffeIdentity, serial: string) => void;
}

interface Remembered extends Peer {
  readonly notBeforeMs: number;
  readonly bundle: TrustBundle;
}

export type PeerOf = (call: AuthenticatedCall) => Peer;

/** The function throws a CaError when the caller has no acceptable certificate. */
export function createPeerVerifier(deps: PeerVerifierDeps): PeerOf {
  const remembered = new Map<string, Remembered>();
  return (call) => {
    const certificate = call.getAuthContext().sslPeerCertificate;
    if (certificate?.raw === undefined) {
      throw new CaError('unauthenticated', 'MALHA3027', 'this call needs a client certificate of the mesh');
    }
    const bundle = deps.trustBundle();
    const known = remembered.get(certificate.fingerprint256);
    const nowMs = deps.clock.now();
    const isCurrent = known?.bundle === bundle && nowMs >= known.notBeforeMs && nowMs <= known.notAfterMs;
    const peer = isCurrent ? known : { ...verify(certificate, bundle, nowMs), bundle };
    if (!isCurrent) {
      remembered.delete(certificate.fingerprint256);
      remembered.set(certificate.fingerprint256, peer);
      const [oldest] = remembered.keys();
      if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
    }
    deps.checkDenied(peer.identity, peer.serial);
    return peer;
  };
}

type PeerCertificate = NonNullable<AuthContext['sslPeerCertificate']>;

function verify(certificate: PeerCertificate, bundle: TrustBundle, nowMs: number) {
  return {
    identity: verifyPeer(certificate.raw, { bundle, role: 'client', nowMs }),
    serial: certificate.serialNumber.toLowerCase(),
    notBeforeMs: Date.parse(certificate.valid_from),
    notAfterMs: Date.parse(certificate.valid_to),
  };
}
