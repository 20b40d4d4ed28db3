// Who a peer is: what is accepted, what is refused and why, on certificates and over real TLS sockets.
import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Authority, distinguishedName, issue, issueIssuing, issueLeaf, issueRoot } from './certificate.ts';
import { type Asn1, children, parseDer, sequence } from './der.ts';
import * as extensions from './extensions.ts';
import { generateKeyPair, type KeyPair, privateKeyPem } from './key-pair.ts';
import { type PeerRole, verifyChain, verifyPeer } from './peer.ts';
import { parsePemBlocks } from './pem.ts';
import { parseTrustBundle, type TrustBundle } from './trust-bundle.ts';

const NOW = Date.now();
const ID = 'spiffe://mesh.local/ns/bookstore/sa/reviews';

interface Chain {
  readonly root: Authority;
  readonly issuing: Authority;
  readonly bundle: TrustBundle;
}

function chainOf(trustDomain: string): Chain {
  const rootKeys = generateKeyPair();
  const root = { certificatePem: issueRoot(trustDomain, rootKeys, NOW).pem, keys: rootKeys };
  const keys = generateKeyPair();
  const issuing = { certificatePem: issueIssuing(trustDomain, root, keys.publicKey, NOW).pem, keys };
  return { root, issuing, bundle: parseTrustBundle(root.certificatePem) };
}

let mesh: Chain;
let other: Chain;
beforeAll(() => {
  mesh = chainOf('mesh.local');
  other = chainOf('other.example');
});

function check(bundle = mesh.bundle, role: PeerRole = 'client', nowMs = NOW) {
  return { bundle, role, nowMs };
}

function leafOf(
  chain: Chain,
  spiffeId = ID,
  keys: KeyPair = generateKeyPair(),
  times: { nowMs?: number; lifetimeMs?: number } = {},
) {
  return issueLeaf(chain.issuing, { spiffeId, publicKey: keys.publicKey, nowMs: NOW, ...times }).pem;
}

/** A leaf with extensions of the test's own choice. */
function custom(list: Asn1[], publicKey: KeyObject = generateKeyPair().publicKey): X509Certificate {
  const [der] = parsePemBlocks(mesh.issuing.certificatePem, 'CERTIFICATE', 'issuer');
  const subject = children(children(parseDer(der ?? Buffer.alloc(0), 'issuer'), 'issuer')[0], 'issuer')[5];
  const period = { notBeforeMs: NOW - 60_000, notAfterMs: NOW + 3_600_000 };
  const issuer = subject ?? distinguishedName('none');
  return new X509Certificate(issue(sequence(), issuer, publicKey, mesh.issuing.keys.privateKey, period, list).pem);
}

const usages = () => [extensions.leafKeyUsage(), extensions.leafExtendedKeyUsage()];

describe('verifyPeer', () => {
  it('yields the identity of a leaf of the mesh', () => {
    expect(verifyPeer(new X509Certificate(leafOf(mesh)), check())).toEqual({
      id: ID,
      trustDomain: 'mesh.local',
      namespace: 'bookstore',
      serviceAccount: 'reviews',
    });
  });

  it.each([
    [
      'another trust domain',
      () => new X509Certificate(leafOf(other, 'spiffe://other.example/ns/a/sa/b')),
      'not in the trust bundle',
    ],
    [
      'an expired leaf',
      () => new X509Certificate(leafOf(mesh, ID, generateKeyPair(), { nowMs: NOW - 3_600_000, lifetimeMs: 1000 })),
      'expired',
    ],
    [
      'a leaf of the future',
      () => new X509Certificate(leafOf(mesh, ID, generateKeyPair(), { nowMs: NOW + 3_600_000 })),
      'valid only from',
    ],
    [
      'two URI names',
      () => custom([...usages(), extensions.subjectAltName({ uris: [ID, `${ID}2`] }, true)]),
      'more than one URI name',
    ],
    [
      'no URI name',
      () => custom([...usages(), extensions.subjectAltName({ uris: [], dnsNames: ['reviews'] }, true)]),
      'no URI name',
    ],
    ['no names at all', () => custom(usages()), 'no URI name'],
    [
      'an authority',
      () => custom([...usages(), extensions.basicConstraints(0), extensions.subjectAltName({ uris: [ID] }, true)]),
      'an authority',
    ],
    [
      'the right to sign certificates',
      () =>
        custom([
          extensions.authorityKeyUsage(),
          extensions.leafExtendedKeyUsage(),
          extensions.subjectAltName({ uris: [ID] }, true),
        ]),
      'an authority',
    ],
    [
      'no purpose',
      () => custom([extensions.leafKeyUsage(), extensions.subjectAltName({ uris: [ID] }, true)]),
      'not for use as a client',
    ],
    [
      'an RSA key',
      () =>
        custom(
          [...usages(), extensions.subjectAltName({ uris: [ID] }, true)],
          generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
        ),
      'not an EC key',
    ],
    [
      'an extension twice',
      () =>
        custom([
          ...usages(),
          extensions.subjectAltName({ uris: [ID] }, true),
          extensions.subjectAltName({ uris: [ID] }, true),
        ]),
      'twice',
    ],
    [
      'a URI that is not SPIFFE',
      () => custom([...usages(), extensions.subjectAltName({ uris: ['https://mesh.local/ns/a/sa/b'] }, true)]),
      'scheme is not spiffe',
    ],
    [
      'a SPIFFE ID of another form',
      () => custom([...usages(), extensions.subjectAltName({ uris: ['spiffe://mesh.local/admin'] }, true)]),
      'the path is not',
    ],
  ])('refuses %s', (_name, make, why) => {
    expect(() => verifyPeer(make(), check())).toThrow(why);
  });
});

describe('verifyChain', () => {
  const full = (leaf: string, chain = mesh) => leaf + chain.issuing.certificatePem;

  it('accepts leaf and issuing authority under a root of the bundle', () => {
    expect(verifyChain(full(leafOf(mesh)), check()).id).toBe(ID);
  });

  it('refuses a chain without its issuing authority', () => {
    expect(() => verifyChain(leafOf(mesh), check())).toThrow('does not end at a root');
  });

  it('refuses the same names under a root of the same trust domain that is not in the bundle', () => {
    const impostor = chainOf('mesh.local');
    expect(() => verifyChain(full(leafOf(impostor), impostor), check())).toThrow('does not end at a root');
  });

  it('refuses an issuer that is not the next certificate', () => {
    expect(() => verifyChain(leafOf(mesh) + other.issuing.certificatePem, check())).toThrow(
      'not signed by the next one',
    );
  });

  it('refuses an issuing authority that vouches for another trust domain, also where both are trusted', () => {
    const both = parseTrustBundle(mesh.root.certificatePem + other.root.certificatePem);
    const forged = leafOf(other, ID);
    expect(() => verifyChain(full(forged, other), check(both))).toThrow('may not vouch for mesh.local');
  });

  it('refuses an authority below the issuing authority', () => {
    const keys = generateKeyPair();
    const sub = { certificatePem: issueIssuing('mesh.local', mesh.issuing, keys.publicKey, NOW).pem, keys };
    const leaf = issueLeaf(sub, { spiffeId: ID, publicKey: keys.publicKey, nowMs: NOW }).pem;
    expect(() => verifyChain(leaf + sub.certificatePem + mesh.issuing.certificatePem, check())).toThrow(
      'too far from the leaf',
    );
  });

  it('refuses a leaf signed by a leaf', () => {
    const keys = generateKeyPair();
    const parent = leafOf(mesh, ID, keys);
    const child = issueLeaf(
      { certificatePem: parent, keys },
      { spiffeId: ID, publicKey: keys.publicKey, nowMs: NOW },
    ).pem;
    expect(() => verifyChain(child + parent + mesh.issuing.certificatePem, check())).toThrow(
      /no authority|not signed by/,
    );
  });

  it('refuses when an authority has expired though the leaf has not', () => {
    const nowMs = NOW + 2 * 365 * 86_400_000;
    const leaf = leafOf(mesh, ID, generateKeyPair(), { nowMs });
    expect(() => verifyChain(full(leaf), check(mesh.bundle, 'client', nowMs))).toThrow('expired');
  });
});

describe('over TLS 1.3', () => {
  async function handshake(clientChain: Chain | undefined, clientId = ID): Promise<{ server: string; client: string }> {
    const serverKeys = generateKeyPair();
    const server = createServer({
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: true,
      ca: mesh.bundle.pem,
      key: privateKeyPem(serverKeys),
      cert: leafOf(mesh, 'spiffe://mesh.local/ns/bookstore/sa/server', serverKeys) + mesh.issuing.certificatePem,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => undefined);
      const peer = socket.getPeerX509Certificate();
      socket.end(peer === undefined ? 'none' : verifyPeer(peer, check()).id);
    });
    let refusal: Error | undefined;
    server.on('tlsClientError', (error) => {
      refusal = error;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const clientKeys = generateKeyPair();
    const identity =
      clientChain === undefined
        ? {}
        : {
            key: privateKeyPem(clientKeys),
            cert: leafOf(clientChain, clientId, clientKeys) + clientChain.issuing.certificatePem,
          };
    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      ca: mesh.bundle.pem,
      checkServerIdentity: () => undefined,
      ...identity,
    });
    try {
      await once(client, 'secureConnect');
      const peer = client.getPeerX509Certificate();
      const seen = peer === undefined ? 'none' : verifyPeer(peer, check(mesh.bundle, 'server')).id;
      client.setEncoding('utf8');
      let text = '';
      for await (const chunk of client) text += chunk;
      // In TLS 1.3 the client's side is done before the server has judged its certificate.
      if (refusal !== undefined) throw refusal;
      return { server: text, client: seen };
    } finally {
      client.destroy();
      server.close();
    }
  }

  it('both sides see the identity of the other', async () => {
    expect(await handshake(mesh)).toEqual({ server: ID, client: 'spiffe://mesh.local/ns/bookstore/sa/server' });
  });

  it('a client of another authority does not get through the handshake', async () => {
    await expect(handshake(other, 'spiffe://other.example/ns/a/sa/b')).rejects.toThrow('socket hang up');
  });

  it('a client that names a trust domain its authority may not vouch for does not get through the handshake', async () => {
    await expect(handshake(mesh, 'spiffe://other.example/ns/a/sa/b')).rejects.toThrow('socket hang up');
  });

  it('a client without a certificate does not get through the handshake', async () => {
    await expect(handshake(undefined)).rejects.toThrow(/certificate/i);
  });
});
