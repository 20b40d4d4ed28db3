// The Envoy side: stock Envoys for the same workloads, configured by our control plane over live ADS. A NACK is an error.
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { verifyPeer } from '@malha/identity';
import type { Resource } from '@malha/model';
import { compile } from '@malha/policies';
import type { TestCa } from '@malha/testing/test-ca';
import { envoyBootstrap, secretFilesOf } from '@malha/xds/envoy-bootstrap';
import type { DialectContext } from '../../../apps/api/src/xds/dialects/dialect.ts';
import type { DeltaCall } from '../../../apps/api/src/xds/server/session.ts';
import { type RunningServer, runServer, TestWorld, until } from '../../../apps/api/test/xds-mesh.ts';
import type { Backends } from './backends.ts';
import { type Answer, type Caller, type CaseRequest, EDGES, type EdgeProxy, type MatrixCase } from './case.ts';
import { send } from './client.ts';
import { differencesOf } from './configuration/compare.ts';
import { readConfigDump } from './configuration/config-dump.ts';
import { messageJson, type ToJson } from './configuration/message-json.ts';
import { keyOf } from './configuration/resource.ts';
import { wantedOf } from './configuration/wanted.ts';
import type { Outcome } from './outcome.ts';
import { INBOUND_PORT, OUTBOUND_PORT, RealCallers } from './real-callers.ts';
import { type Copies, type Player, settingOf } from './side.ts';
import {
  CERTIFICATES,
  MEMBERS,
  type Member,
  type Places,
  resourcesOf,
  stageWorkloads,
  TRUST_DOMAIN,
  worldOf,
} from './stage.ts';

const ADMIN_PORT = 15_000;
const STARTED_WITHIN_MS = 60_000;
const ACTIVE_WITHIN_MS = 20_000;

export async function startEnvoys(binary: string, ca: TestCa, backends: Backends, places: Places): Promise<Player> {
  const world = new TestWorld();
  const server = await runServer(world, credentialsOf(ca));
  const callers = new RealCallers(ca, backends, places);
  const player = new EnvoyPlayer({ world, server, callers, places, toJson: await messageJson() });
  player.start(binary, ca);
  return player;
}

interface EnvoyPlayerDeps {
  readonly world: TestWorld;
  readonly server: RunningServer;
  readonly callers: RealCallers;
  readonly places: Places;
  readonly toJson: ToJson;
}

class EnvoyPlayer implements Player {
  readonly side = 'envoy';
  readonly #world: TestWorld;
  readonly #server: RunningServer;
  readonly #callers: RealCallers;
  readonly #places: Places;
  readonly #toJson: ToJson;
  readonly #directory = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-matrix-'));
  readonly #processes: ChildProcess[] = [];
  readonly #output: string[] = [];
  #current: string | undefined;
  /** Keys of all that each Envoy was meant to hold so far. */
  readonly #formerly = new Map<Member, Set<string>>(MEMBERS.map((member) => [member, new Set()]));
  #refusals = 0;

  constructor({ world, server, callers, places, toJson }: EnvoyPlayerDeps) {
    this.#world = world;
    this.#server = server;
    this.#callers = callers;
    this.#places = places;
    this.#toJson = toJson;
  }

  start(binary: string, ca: TestCa): void {
    MEMBERS.forEach((member, index) => {
      const folder = this.#writeFiles(member, ca);
      const baseId = String((process.pid % 10_000) * MEMBERS.length + index);
      const args = ['-c', path.join(folder, 'envoy.json'), '--concurrency', '1', '--base-id', baseId, '-l', 'warning'];
      const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr.on('data', (chunk: Buffer) => this.#output.push(`${member}: ${chunk.toString()}`));
      this.#processes.push(child);
    });
  }

  /** Cases that follow each other on the same resources share a revision. */
  async prepare(matrixCase: MatrixCase): Promise<void> {
    const wanted = settingOf(matrixCase);
    if (wanted === this.#current) return;
    const isFirst = this.#current === undefined;
    this.#current = undefined;
    const marker = `probe-${(this.#world.current()?.revision ?? 0) + 1}`;
    const resources = [...resourcesOf(matrixCase), ...probes(marker)];
    this.#world.set(resources, stageWorkloads(this.#places, matrixCase));
    await this.#untilActive(marker, isFirst ? STARTED_WITHIN_MS : ACTIVE_WITHIN_MS);
    for (const edge of EDGES) {
      for (const port of this.#portsOf(matrixCase, edge)) await this.#untilListening(edge, port, ACTIVE_WITHIN_MS);
    }
    for (const member of MEMBERS) await this.#untilHeld(member, ACTIVE_WITHIN_MS);
    this.#current = wanted;
  }

  send(caller: Caller, request: CaseRequest, answers: readonly Answer[], copies?: Copies): Promise<Outcome> {
    return this.#callers.send(caller, request, answers, copies);
  }

  release(): void {
    this.#callers.release();
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const child of this.#processes) child.kill('SIGKILL');
    fs.rmSync(this.#directory, { recursive: true, force: true });
  }

  async #untilActive(marker: string, deadlineMs: number): Promise<void> {
    const revision = this.#world.current()?.revision ?? 0;
    const isTaken = () => {
      this.#throwRefusals();
      const state = this.#server.xds.propagation.of(revision);
      return state !== undefined && state.total === MEMBERS.length && state.active === MEMBERS.length;
    };
    await until(`revision ${revision} on every Envoy\n${this.#output.join('')}`, isTaken, deadlineMs);
    // ACKed by the main thread; the probes tell that the workers have it too, listeners included.
    await this.#untilStatus('shop/front', `${marker}.shop`, (status) => status === 200 || status === 403, deadlineMs);
    await this.#untilStatus('other/visitor', `${marker}.other`, (status) => status === 503, deadlineMs);
  }

  async #untilStatus(
    workload: Member,
    host: string,
    isReached: (status: number | 'closed') => boolean,
    deadlineMs: number,
  ): Promise<void> {
    const target = { address: this.#places.addressOf(workload), port: OUTBOUND_PORT };
    const end = performance.now() + deadlineMs;
    for (;;) {
      const { status } = await send(target, { host, method: 'POST' }, '');
      if (isReached(status)) return;
      if (performance.now() > end) throw new Error(`${workload}: ${host} answers ${status}\n${this.#output.join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Those of its gateway, and of the upstreams that the case has a service for. */
  #portsOf(matrixCase: MatrixCase, edge: EdgeProxy): number[] {
    const [namespace = '', workload = ''] = edge.split('/');
    const { config } = compile(worldOf(matrixCase, this.#places), { namespace, workload });
    return [...(config.gateways ?? []), ...(config.tcp ?? [])].map(({ port }) => port);
  }

  /** What an Envoy holds is what was meant for it; a listener that waits for a secret is ACKed long before. */
  async #untilHeld(member: Member, deadlineMs: number): Promise<void> {
    const { world } = this.#world.current() ?? {};
    if (world === undefined) throw new Error('no world yet');
    const address = this.#places.addressOf(member);
    const wanted = wantedOf(world, member, this.#contextOf(member), this.#toJson);
    const formerly = this.#formerly.get(member) ?? new Set();
    const end = performance.now() + deadlineMs;
    for (;;) {
      const differences = differencesOf(wanted, await readConfigDump(`${address}:${ADMIN_PORT}`), formerly);
      if (differences.length === 0) break;
      if (performance.now() > end)
        throw new Error(
          `${member} holds something else than was meant:\n${differences.join('\n')}\n${this.#output.join('')}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const resource of wanted) formerly.add(keyOf(resource));
  }

  /** A new listener is ACKed before its workers accept. */
  async #untilListening(edge: EdgeProxy, port: number, deadlineMs: number): Promise<void> {
    const address = this.#places.addressOf(edge);
    const end = performance.now() + deadlineMs;
    while (!(await accepts(address, port))) {
      if (performance.now() > end) throw new Error(`nobody listens on ${address}:${port}\n${this.#output.join('')}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #throwRefusals(): void {
    const refusal = this.#server.warnings[this.#refusals];
    if (refusal === undefined) return;
    this.#refusals = this.#server.warnings.length;
    throw new Error(`${refusal.message} ${JSON.stringify(refusal.fields)}`);
  }

  #folderOf(member: Member): string {
    return path.join(this.#directory, member.slice(member.indexOf('/') + 1));
  }

  #contextOf(member: Member): DialectContext {
    const folder = this.#folderOf(member);
    return {
      address: this.#places.addressOf(member),
      inboundPort: INBOUND_PORT,
      outboundPort: OUTBOUND_PORT,
      trustDomain: TRUST_DOMAIN,
      secretFiles: secretFilesOf({
        identityDirectory: folder,
        certificatesDirectory: path.join(folder, 'certificates'),
      }),
      certificateOf: () => undefined,
    };
  }

  #writeFiles(member: Member, ca: TestCa): string {
    const [namespace = '', name = ''] = member.split('/');
    const folder = this.#folderOf(member);
    const identity = ca.issue(namespace, name);
    fs.mkdirSync(folder, { mode: 0o700 });
    fs.writeFileSync(path.join(folder, 'cert.pem'), identity.certificateChainPem);
    fs.writeFileSync(path.join(folder, 'key.pem'), identity.privateKeyPem, { mode: 0o600 });
    fs.writeFileSync(path.join(folder, 'trust.pem'), identity.trustBundlePem);
    const { bootstrap, secrets } = envoyBootstrap({
      workload: member,
      instanceId: '1',
      service: member,
      xds: { host: '127.0.0.1', port: this.#server.port },
      identityDirectory: folder,
      certificatesDirectory: this.#writeCertificates(folder, ca),
      trustDomain: TRUST_DOMAIN,
      admin: { address: this.#places.addressOf(member), port: ADMIN_PORT },
    });
    for (const [file, content] of Object.entries(secrets))
      fs.writeFileSync(path.join(folder, file), JSON.stringify(content));
    fs.writeFileSync(path.join(folder, 'envoy.json'), JSON.stringify(bootstrap));
    return folder;
  }

  #writeCertificates(folder: string, ca: TestCa): string {
    const certificates = path.join(folder, 'certificates');
    for (const certificate of CERTIFICATES) {
      const [namespace = '', name = ''] = certificate.split('/');
      const { certificateChainPem, privateKeyPem } = ca.issue(namespace, name);
      const place = path.join(certificates, namespace, name);
      fs.mkdirSync(place, { recursive: true, mode: 0o700 });
      fs.writeFileSync(path.join(place, 'tls.crt'), certificateChainPem);
      fs.writeFileSync(path.join(place, 'tls.key'), privateKeyPem, { mode: 0o600 });
    }
    return certificates;
  }
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const settle = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Services whose names only this revision knows: one before the vault's proxy, one that nobody serves. */
function probes(marker: string): Resource[] {
  const probe = (namespace: string, app: string): Resource => ({
    apiVersion: 'malha.dev/v1',
    kind: 'Service',
    metadata: { namespace, name: marker },
    spec: { selector: { app }, ports: [{ port: 80, targetPort: 8080, appProtocol: 'http' }] },
  });
  return [probe('shop', 'vault'), probe('other', 'nobody')];
}

function credentialsOf(ca: TestCa): Parameters<typeof runServer>[1] {
  const own = ca.issueControlPlane();
  return {
    credentials: grpc.ServerCredentials.createSsl(
      Buffer.from(ca.trustBundlePem),
      [{ cert_chain: Buffer.from(own.certificateChainPem), private_key: Buffer.from(own.privateKeyPem) }],
      true,
    ),
    identify: (peer) => {
      const certificate = (peer as DeltaCall).getAuthContext().sslPeerCertificate;
      if (certificate === undefined) throw new Error('no certificate');
      const identity = verifyPeer(certificate.raw, { bundle: ca.trustBundle, role: 'client', nowMs: Date.now() });
      return { identity, notAfterMs: Date.parse(certificate.valid_to) };
    },
  };
}
