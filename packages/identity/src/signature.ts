// The SIGNED macro of X.509 with ECDSA and SHA-256: sign a to-be-signed structure, and the algorithm identifier.
import { type KeyObject, sign } from 'node:crypto';
import { type Asn1, bitString, objectIdentifier, sequence, toDer } from './der.ts';
import { OID_ECDSA_SHA256 } from './oids.ts';

export function ecdsaSha256(): Asn1 {
  return sequence(objectIdentifier(OID_ECDSA_SHA256));
}

/** DER of SEQUENCE { tbs, algorithm, signature }. */
export function signed(tbs: Asn1, privateKey: KeyObject): Buffer {
  const signature = sign('sha256', toDer(tbs), { key: privateKey, dsaEncoding: 'der' });
  return toDer(sequence(tbs, ecdsaSha256(), bitString(signature)));
}
