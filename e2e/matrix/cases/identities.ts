// mTLS modes of the callee's port, and what a certificate must be.
import { ask, resource } from '../src/authoring.ts';
import type { Caller, MatrixCase, Section } from '../src/case.ts';

const mode = (text: string) =>
  resource('PeerAuthentication', 'mode', `{targetRef: {kind: Service, name: vault}, ${text}}`);
const NAMESPACE_PERMISSIVE = resource(
  'PeerAuthentication',
  'all',
  '{targetRef: {kind: Namespace, name: shop}, mode: PERMISSIVE}',
);
const MESH_PERMISSIVE = resource(
  'PeerAuthentication',
  'mesh',
  '{targetRef: {kind: Mesh, name: mesh}, mode: PERMISSIVE}',
  'malha-system',
);

const MEMBER: Caller = { via: 'inbound', identity: { namespace: 'shop', serviceAccount: 'front' } };
const FOREIGNER: Caller = {
  via: 'inbound',
  identity: { namespace: 'shop', serviceAccount: 'front', trustDomain: 'elsewhere.example' },
};
const PLAINTEXT: Caller = { via: 'inbound', identity: 'plaintext' };

const arrives = (
  name: string,
  resources: string,
  caller: Caller,
  answer: 'vault' | 'vault:8081' | 'closed',
  serverPort = 80,
): MatrixCase => ({
  name: `mTLS: ${name}`,
  resources,
  caller,
  exchanges: [
    {
      request: { host: serverPort === 80 ? 'vault' : `vault:${serverPort}`, serverPort },
      expect: answer === 'closed' ? { status: 'closed', backend: null } : { status: 200, backend: answer },
    },
  ],
});

export const identities: Section = {
  name: 'mTLS modes and identities',
  cases: [
    arrives('STRICT by default: a member', '', MEMBER, 'vault'),
    arrives('STRICT by default: plaintext is closed without an answer', '', PLAINTEXT, 'closed'),
    arrives('STRICT: a certificate of another authority is refused', mode('mode: STRICT'), FOREIGNER, 'closed'),
    arrives('STRICT: the SNI selects the port', '', MEMBER, 'vault:8081', 81),
    arrives('PERMISSIVE: a member', mode('mode: PERMISSIVE'), MEMBER, 'vault'),
    arrives('PERMISSIVE: plaintext', mode('mode: PERMISSIVE'), PLAINTEXT, 'vault'),
    arrives(
      'PERMISSIVE: the Host selects the port of plaintext',
      mode('mode: PERMISSIVE'),
      PLAINTEXT,
      'vault:8081',
      81,
    ),
    arrives('PERMISSIVE: a certificate of another authority is refused', mode('mode: PERMISSIVE'), FOREIGNER, 'closed'),
    arrives('DISABLE: plaintext', mode('mode: DISABLE'), PLAINTEXT, 'vault'),
    {
      ...arrives('DISABLE: nobody speaks TLS there', mode('mode: DISABLE'), MEMBER, 'closed'),
      leftOut: { sidecar: 'our proxy takes mTLS also where the mode is DISABLE, as it must while modes change' },
    },
    arrives(
      'by port: the one that is open',
      mode('mode: STRICT, ports: {"8081": PERMISSIVE}'),
      PLAINTEXT,
      'vault:8081',
      81,
    ),
    {
      ...arrives('by port: the other one', mode('mode: STRICT, ports: {"8081": PERMISSIVE}'), PLAINTEXT, 'closed'),
      leftOut: {
        envoy: 'Envoy tells ports of plaintext apart by Host: one that is closed beside one that is open answers 404',
      },
    },
    arrives('of the namespace', NAMESPACE_PERMISSIVE, PLAINTEXT, 'vault'),
    arrives('of the mesh', MESH_PERMISSIVE, PLAINTEXT, 'vault'),
    arrives('of the service before the namespace', NAMESPACE_PERMISSIVE + mode('mode: STRICT'), PLAINTEXT, 'closed'),
    arrives(
      'of the namespace before the mesh',
      MESH_PERMISSIVE +
        resource('PeerAuthentication', 'all', '{targetRef: {kind: Namespace, name: shop}, mode: STRICT}'),
      PLAINTEXT,
      'closed',
    ),
    ...['STRICT', 'PERMISSIVE', 'DISABLE'].map((name) => ({
      name: `mTLS: callers follow ${name}`,
      resources: mode(`mode: ${name}`),
      exchanges: [ask('/a', 'vault', { host: 'vault' }), ask('/b', 'vault:8081', { host: 'vault:81' })],
    })),
  ],
};
