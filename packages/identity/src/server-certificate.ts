// A certificate for clients outside of the mesh, as an operator brings it: chain and private key, strictly checked once.
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { IdentityError } from './errors.ts';
import { parsePem, parsePemBlocks, toPem } from './pem.ts';
import { readCertificate } from './trust-bundle.ts';

/** Leaf and authorities; public authorities send two or three. */
const CHAIN_LENGTH_MAX = 8;
const RSA_BITS_MIN = 2048;
/** Those that browsers and Envoy take. */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);
const KEY_LABELS: ReadonlySet<string> = new Set(['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY']);
const OID_SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const OID_ANY_PURPOSE = '2.5.29.37.0';
/** Node quotes a name with a comma in it, which no host has. */
const HOST = /^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;

/** What may be shown of it; no secret. */
export interface ServerCertificateFacts {
  /** `CN=shop.example, O=Shop` */
  readonly subject: string;
  readonly issuer: string;
  /** Alternative names that clients compare with the host they call; wildcards as they are written. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** Hex, lower case. */
  readonly serial: string;
  readonly notBeforeMs: number;
  /** The end of whichever of the chain ends first. */
  readonly notAfterMs: number;
  /** SHA-256 of the leaf in DER: hex, lower case. */
  readonly fingerprint: string;
  /** `RSA 2048`, `EC P-256` */
  readonly key: string;
  /** Certificates of the chain, leaf included. */
  readonly chainLength: number;
}

export interface ServerCertificate {
  readonly facts: ServerCertificateFacts;
  /** Leaf first; nothing but the certificates. */
  readonly chainPem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
}

/** Throws MALHA3001 where a text is damaged, MALHA3006 where the pair would not serve. */
export function parseServerCertificate(chain: string, key: string, nowMs: number): ServerCertificate {
  const certificates = readChain(chain);
  const privateKey = readPrivateKey(key);
  const keyWords = describeKey(privateKey);
  const [leaf] = certificates;
  checkPair(certificates, privateKey);
  checkOrder(certificates);
  checkPurpose(leaf);
  for (const [index, certificate] of certificates.entries()) checkValidity(certificate, index, nowMs);
  return {
    facts: factsOf(certificates, keyWords),
    chainPem: certificates.map((certificate) => toPem('CERTIFICATE', certificate.raw)).join(''),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Of a chain that was checked when it was stored. */
export function serverCertificateFacts(chainPem: string): ServerCertificateFacts {
  const certificates = readChain(chainPem);
  return factsOf(certificates, describeKey(certificates[0].publicKey));
}

type Chain = readonly [X509Certificate, ...X509Certificate[]];

function readChain(pem: string): Chain {
  if (parsePem(pem, 'the certificate').some(({ label }) => label.endsWith('PRIVATE KEY'))) {
    throw unusable('the certificate has a private key in it: give the chain and the key apart');
  }
  const ders = parsePemBlocks(pem, 'CERTIFICATE', 'the certificate');
  if (ders.length > CHAIN_LENGTH_MAX) throw unusable(`the chain has more than ${CHAIN_LENGTH_MAX} certificates`);
  const [leaf, ...rest] = ders.map((der) => readCertificate(der));
  if (leaf === undefined) throw unusable('the chain is empty');
  return [leaf, ...rest];
}

function readPrivateKey(pem: string): KeyObject {
  const blocks = parsePem(pem, 'the private key').filter(({ label }) => label !== 'EC PARAMETERS');
  const [block, ...more] = blocks;
  if (block?.label === 'ENCRYPTED PRIVATE KEY') {
    throw unusable('the private key is encrypted: decrypt it first; it is stored sealed');
  }
  if (block === undefined || more.length > 0 || !KEY_LABELS.has(block.label)) {
    throw unusable(`the private key must be one PEM block of ${[...KEY_LABELS].join(', ')}`);
  }
  try {
    return createPrivateKey(toPem(block.label, block.der));
  } catch (cause) {
    throw new IdentityError('MALHA3001', 'the private key cannot be read', { cause });
  }
}

/** Also refuses what clients or Envoy do not take. */
function describeKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') {
    const bits = asymmetricKeyDetails?.modulusLength ?? 0;
    if (bits < RSA_BITS_MIN) throw unusable(`an RSA key must have ${RSA_BITS_MIN} bits or more, not ${bits}`);
    return `RSA ${bits}`;
  }
  const curve = CURVES.get(asymmetricKeyDetails?.namedCurve ?? '');
  if (asymmetricKeyType !== 'ec' || curve === undefined) {
    throw unusable(`the key must be RSA, or EC on ${[...CURVES.values()].join(', ')}`);
  }
  return `EC ${curve}`;
}

function checkPair(certificates: Chain, key: KeyObject): void {
  const owner = certificates.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (owner < 0) throw unusable('the private key does not belong to the certificate');
  if (owner > 0) {
    throw unusable(`the private key belongs to certificate ${owner + 1} of the chain: its own certificate goes first`);
  }
}

/** Each is signed by the one after it, as TLS asks (RFC 8446, 4.4.2; RFC 5246, 7.4.2). */
function checkOrder(certificates: Chain): void {
  for (const [index, issuer] of certificates.slice(1).entries()) {
    const below = certificates[index];
    if (below !== undefined && isIssuedBy(below, issuer)) continue;
    const isElsewhere = certificates.some(
      (other) => other !== below && below !== undefined && isIssuedBy(below, other),
    );
    const remedy = isElsewhere ? 'order the chain from the leaf upwards' : 'put in its issuer, or leave the rest out';
    throw unusable(`certificate ${index + 1} of the chain is not signed by certificate ${index + 2}: ${remedy}`);
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function checkPurpose(leaf: X509Certificate): void {
  const { dnsNames, ipAddresses } = namesOf(leaf);
  if (dnsNames.length + ipAddresses.length === 0) {
    throw unusable(
      'the certificate has no DNS name or IP address as an alternative name: clients look at no other name',
    );
  }
  // Node's keyUsage is the extended one; without it every purpose is allowed (RFC 5280, 4.2.1.12).
  const purposes = leaf.keyUsage as readonly string[] | undefined;
  if (purposes !== undefined && !purposes.includes(OID_SERVER_AUTH) && !purposes.includes(OID_ANY_PURPOSE)) {
    throw unusable('the certificate is not for servers: its extended key usage lacks serverAuth');
  }
}

function checkValidity(certificate: X509Certificate, index: number, nowMs: number): void {
  const name = index === 0 ? 'the certificate' : `certificate ${index + 1} of the chain`;
  if (nowMs > Date.parse(certificate.validTo)) throw unusable(`${name} expired on ${certificate.validTo}`);
  if (nowMs < Date.parse(certificate.validFrom)) throw unusable(`${name} is valid only from ${certificate.validFrom}`);
}

function factsOf(certificates: Chain, key: string): ServerCertificateFacts {
  const [leaf] = certificates;
  return {
    subject: nameInWords(leaf.subject),
    issuer: nameInWords(leaf.issuer),
    ...namesOf(leaf),
    serial: leaf.serialNumber.toLowerCase(),
    notBeforeMs: Date.parse(leaf.validFrom),
    notAfterMs: Math.min(...certificates.map(({ validTo }) => Date.parse(validTo))),
    fingerprint: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    key,
    chainLength: certificates.length,
  };
}

function namesOf(leaf: X509Certificate): Pick<ServerCertificateFacts, 'dnsNames' | 'ipAddresses'> {
  const names = (leaf.subjectAltName ?? '').split(', ');
  const ofKind = (kind: string) => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length));
  const hosts = ofKind('DNS:').map((name) => name.toLowerCase());
  return { dnsNames: hosts.filter((name) => HOST.test(name)), ipAddresses: ofKind('IP Address:') };
}

/** Node writes one part a line, the most general first. */
function nameInWords(name: string | undefined): string {
  return (name ?? '').split('\n').reverse().join(', ');
}

function unusable(why: string): IdentityError {
  return new IdentityError('MALHA3006', why);
}
