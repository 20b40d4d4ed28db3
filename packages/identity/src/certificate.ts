// Builds and signs X.509 v3 certificates of the mesh: root authority, issuing authority, leaf.
import { type KeyObject, randomBytes } from 'node:crypto';
import {
  type Asn1,
  explicit,
  isContext,
  items,
  objectIdentifier,
  parseDer,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
} from './der.ts';
import { IdentityError } from './errors.ts';
import * as extensions from './extensions.ts';
import { type KeyPair, spkiDer } from './key-pair.ts';
import { OID_COMMON_NAME, OID_ORGANIZATION } from './oids.ts';
import { parsePemBlocks, toPem } from './pem.ts';
import { ecdsaSha256, signed } from './signature.ts';
import { parseSpiffeIdentity, trustDomainId } from './spiffe.ts';

/** Valid from this long before now, for clocks that differ. */
export const CLOCK_SKEW_MS = 15 * 60_000;
export const ROOT_LIFETIME_MS = 10 * 365 * 86_400_000;
export const ISSUING_LIFETIME_MS = 365 * 86_400_000;
export const LEAF_LIFETIME_MS = 24 * 3_600_000;

/** An authority that can sign: its certificate and key. */
export interface Authority {
  readonly certificatePem: string;
  readonly keys: KeyPair;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface IssuedCertificate extends Validity {
  readonly pem: string;
  /** Hex, lower case, 32 digits. */
  readonly serial: string;
}

export interface LeafRequest {
  readonly spiffeId: string;
  readonly publicKey: KeyObject;
  readonly nowMs: number;
  /** From now; the start lies CLOCK_SKEW_MS earlier. */
  readonly lifetimeMs?: number;
  /** Only the control plane's own certificate has these. */
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export function issueRoot(
  trustDomain: string,
  keys: KeyPair,
  nowMs: number,
  lifetimeMs = ROOT_LIFETIME_MS,
): IssuedCertificate {
  const subject = distinguishedName(`Malha root CA ${trustDomain}`);
  return issue(subject, subject, keys.publicKey, keys.privateKey, validity(nowMs, lifetimeMs), [
    extensions.basicConstraints(1),
    ...authorityExtensions(trustDomain, keys.publicKey),
  ]);
}

/** `pathlen` 0: it signs leaves only. The subject carries the key's identifier, so two issuers in rotation differ. */
export function issueIssuing(
  trustDomain: string,
  root: Authority,
  publicKey: KeyObject,
  nowMs: number,
  lifetimeMs = ISSUING_LIFETIME_MS,
): IssuedCertificate {
  const shortKeyId = extensions.keyIdentifier(publicKey).toString('hex').slice(0, 16);
  const subject = distinguishedName(`Malha issuing CA ${shortKeyId}`);
  return issue(subject, subjectOf(root.certificatePem), publicKey, root.keys.privateKey, validity(nowMs, lifetimeMs), [
    extensions.basicConstraints(0),
    ...authorityExtensions(trustDomain, publicKey),
    extensions.authorityKeyIdentifier(extensions.keyIdentifier(root.keys.publicKey)),
  ]);
}

/** An empty subject and one critical URI name (X.509-SVID); for clients and servers, since a proxy is both. */
export function issueLeaf(issuer: Authority, request: LeafRequest): IssuedCertificate {
  parseSpiffeIdentity(request.spiffeId);
  const names = {
    uris: [request.spiffeId],
    dnsNames: request.dnsNames ?? [],
    ipAddresses: request.ipAddresses ?? [],
  };
  const period = validity(request.nowMs, request.lifetimeMs ?? LEAF_LIFETIME_MS);
  return issue(sequence(), subjectOf(issuer.certificatePem), request.publicKey, issuer.keys.privateKey, period, [
    extensions.basicConstraints(undefined),
    extensions.leafKeyUsage(),
    extensions.leafExtendedKeyUsage(),
    extensions.subjectKeyIdentifier(request.publicKey),
    extensions.authorityKeyIdentifier(extensions.keyIdentifier(issuer.keys.publicKey)),
    extensions.subjectAltName(names, true),
  ]);
}

/** Signs whatever extensions it is given; the functions above are the profiles of the mesh. */
export function issue(
  subject: Asn1,
  issuer: Asn1,
  publicKey: KeyObject,
  signingKey: KeyObject,
  period: Validity,
  extensionList: readonly Asn1[],
): IssuedCertificate {
  const serial = randomSerial();
  const tbs = sequence(
    explicit(0, unsignedInteger(Buffer.of(2))),
    unsignedInteger(serial),
    ecdsaSha256(),
    issuer,
    sequence(time(period.notBeforeMs), time(period.notAfterMs)),
    subject,
    parseDer(spkiDer(publicKey), 'public key'),
    explicit(3, sequence(...extensionList)),
  );
  return { pem: toPem('CERTIFICATE', signed(tbs, signingKey)), serial: serial.toString('hex'), ...period };
}

export function distinguishedName(commonName: string): Asn1 {
  const attribute = (id: string, value: string) => set(sequence(objectIdentifier(id), utf8String(value)));
  return sequence(attribute(OID_ORGANIZATION, 'Malha'), attribute(OID_COMMON_NAME, commonName));
}

/** The subject exactly as the issuer's certificate has it: chains are matched by these bytes. */
function subjectOf(certificatePem: string): Asn1 {
  const [der] = parsePemBlocks(certificatePem, 'CERTIFICATE', 'authority certificate');
  if (der === undefined) throw new IdentityError('MALHA3001', 'the authority has no certificate');
  const [tbs] = items(parseDer(der, 'authority certificate'), 'authority certificate');
  const fields = items(tbs, 'authority certificate');
  const subject = isContext(fields[0], 0) ? fields[5] : undefined;
  if (subject === undefined) throw new IdentityError('MALHA3001', 'the authority certificate is not X.509 v3');
  return subject;
}

function authorityExtensions(trustDomain: string, publicKey: KeyObject): Asn1[] {
  return [
    extensions.authorityKeyUsage(),
    extensions.subjectKeyIdentifier(publicKey),
    extensions.subjectAltName({ uris: [trustDomainId(trustDomain)] }, false),
    extensions.permittedTrustDomain(trustDomain),
  ];
}

/** Whole seconds, as X.509 has no smaller unit. */
function validity(nowMs: number, lifetimeMs: number): Validity {
  const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000) * 1000;
  return { notBeforeMs: seconds(nowMs - CLOCK_SKEW_MS), notAfterMs: seconds(nowMs + lifetimeMs) };
}

/** 128 random bits; the top bit is 0 and the next 1, so that every serial has 32 digits and is positive. */
function randomSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
