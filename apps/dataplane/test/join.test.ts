// `malha join` as a process, against a fake control plane: joins, serves, renews, survives, leaves.
import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type FakeControlPlane, startFakeControlPlane } from '@malha/testing/fake-control-plane';
import { configHash } from '@malha/xds';
import { afterEach, expect, test, vi } from 'vitest';
import { joinShop, resourcesFor, shopAndReviews } from './joined-mesh.ts';
import { call, type Program, startUpstream, temporaryFolder, type Upstream } from './program.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 30_000 });

const programs: Program[] = [];
const upstreams: Upstream[] = [];
const planes: FakeControlPlane[] = [];

afterEach(async () => {
  for (const program of programs.splice(0)) {
    program.kill('SIGKILL');
    await program.exited;
  }
  for (const upstream of upstreams.splice(0)) upstream.close();
  for (const plane of planes.splice(0)) plane.stop();
});

async function upstream(answer: Parameters<typeof startUpstream>[0]): Promise<number> {
  const started = await startUpstream(answer);
  upstreams.push(started);
  return started.port;
}

async function controlPlane(options: Parameters<typeof startFakeControlPlane>[0] = {}): Promise<FakeControlPlane> {
  const plane = await startFakeControlPlane(options);
  planes.push(plane);
  return plane;
}

function join(state: string, more: readonly string[], environment?: Readonly<Record<string, string>>): Program {
  const program = joinShop(state, more, environment);
  programs.push(program);
  return program;
}

function withToken(plane: FakeControlPlane, token = plane.createToken('demo', 'shop')): readonly string[] {
  return ['--control-plane', plane.joinAddress, '--ca-pin', plane.ca.pin, '--token', token];
}

interface Mesh {
  readonly plane: FakeControlPlane;
  readonly state: string;
  readonly app: readonly string[];
  readonly resources: ReturnType<typeof resourcesFor>;
}

async function mesh(options: Parameters<typeof startFakeControlPlane>[0] = {}): Promise<Mesh> {
  const [app, reviews] = [await upstream('shop'), await upstream('reviews')];
  const resources = resourcesFor(shopAndReviews(app, reviews), 'demo/shop-1');
  const plane = await controlPlane({ ...options, resources });
  return { plane, resources, state: temporaryFolder(), app: ['--app-address', `127.0.0.1:${app}`] };
}

test('joins with a token, serves what it is given, and reports the hash that it serves', async () => {
  const { plane, resources, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app, '--label', 'team=a']);
  const { outbound, inbound, admin } = await program.ready();
  expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
  expect((await call(inbound, { host: 'shop' })).body).toBe('shop');
  const session = await plane.waitForSession('demo/shop-1', ({ heartbeats }) =>
    heartbeats.some((beat) => beat.appHealthy && beat.servedHash === configHash(resources)),
  );
  expect(session.spiffeId).toBe('spiffe://mesh.local/ns/demo/sa/shop');
  expect(session.hello).toMatchObject({ service: 'demo/shop', version: 'v1', labels: { team: 'a' }, model: 'sidecar' });
  expect(session.hello.inboundPort).toBe(Number(inbound.split(':')[1]));
  expect(session.served.at(-1)?.hash).toBe(configHash(resources));
  expect(session.heartbeats.at(-1)?.rssBytes).toBeGreaterThan(10_000_000n);
  expect((await call(admin, { path: '/ready' })).status).toBe(200);
  const certificates = await call(admin, { path: '/certs' });
  expect(certificates.body).toContain('spiffe://mesh.local/ns/demo/sa/shop');
  await plane.waitFor('metrics', () => plane.exports.some(({ path: method }) => method.includes('Metrics')));
  expect(await program.stop()).toEqual({ code: 0, signal: null });
});

test('keeps its state to itself, and nothing that it shows has the private key in it', async () => {
  const { plane, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  const { admin } = await program.ready();
  const folder = path.join(state, 'shop');
  await program.waitFor('the saved configuration', () => fs.existsSync(path.join(folder, 'config.json')));
  expect(fs.statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of fs.readdirSync(folder)) expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
  const key = fs.readFileSync(path.join(folder, 'key.pem'), 'utf8').split('\n')[1] ?? '-';
  for (const page of ['/config_dump', '/certs', '/clusters', '/stats', '/help']) {
    const { status, body } = await call(admin, { path: page });
    expect(status).toBe(200);
    expect(body).not.toContain('PRIVATE KEY');
    expect(body).not.toContain(key);
  }
  expect(program.stdout + program.stderr).not.toContain('token-1');
});

test('takes changes, NACKs what it cannot use by name, and serves the last good of that', async () => {
  const { plane, resources, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  const { outbound } = await program.ready();
  const later = await upstream('later');
  const appPort = Number(app[1]?.split(':')[1]);
  plane.setResources(resourcesFor(shopAndReviews(appPort, later), 'demo/shop-1'));
  await vi.waitFor(async () => expect((await call(outbound, { host: 'reviews' })).body).toBe('later'), {
    timeout: 5_000,
  });
  const broken = resources.map((each) =>
    each.name.includes('reviews') && each.typeUrl.endsWith('.Cluster')
      ? { ...each, version: 'broken', value: Buffer.from('broken') }
      : each,
  );
  plane.setResources(broken);
  await plane.waitFor('the NACK', () => plane.nacks.some((nack) => nack.message.includes('reviews.demo')));
  const session = await plane.waitForSession('demo/shop-1', ({ served }) =>
    served.some((each) => each.errors.some((error) => error.name.includes('reviews.demo'))),
  );
  expect(session.isOpen).toBe(true);
  expect((await call(outbound, { host: 'reviews' })).status).toBe(200);
});

test('starts from disk and serves while the control plane is away, then finds it again by itself', async () => {
  const { plane, resources, state, app } = await mesh();
  const first = join(state, [...withToken(plane), ...app]);
  await first.ready();
  await first.waitFor('the saved configuration', () => fs.existsSync(path.join(state, 'shop', 'config.json')));
  await first.stop();
  plane.stop();
  const second = join(state, app);
  const { outbound, admin } = await second.ready();
  expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
  expect((await call(admin, { path: '/ready' })).status).toBe(200);
  expect((await call(admin, { path: '/config_dump' })).body).toContain('"connected": false');
  const { ca, joinPort, xdsPort } = plane;
  const again = await controlPlane({ ca, joinPort, xdsPort, resources });
  const session = await again.waitForSession('demo/shop-1', ({ heartbeats }) => heartbeats.length > 0, 5_000);
  expect(session.heartbeats.at(-1)?.servedHash).toBe(configHash(resources));
  expect(again.joins).toHaveLength(0);
});

test('a control plane that dies under it costs no request; the new one is found within seconds', async () => {
  const { plane, resources, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  const { outbound } = await program.ready();
  await plane.waitForSession('demo/shop-1');
  plane.stop();
  await program.waitFor('the loss', () => program.stderr.includes('control plane lost'));
  for (let i = 0; i < 20; i++) expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
  const { ca, joinPort, xdsPort } = plane;
  const again = await controlPlane({ ca, joinPort, xdsPort, resources });
  await again.waitForSession('demo/shop-1', ({ isOpen }) => isOpen, 3_000);
});

test('another control plane that is not of this mesh gets nothing', async () => {
  const { plane, resources, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  await program.ready();
  plane.stop();
  const stranger = await controlPlane({ joinPort: plane.joinPort, xdsPort: plane.xdsPort, resources });
  await program.waitFor('the refusal', () => program.stderr.includes('no control plane'), 5_000);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(stranger.sessions).toHaveLength(0);
});

test('renews its certificate at half of its life with a new key, and goes on under it', async () => {
  const { plane, state, app } = await mesh({ leafLifetimeMs: 8_000 });
  // The life begins 15 minutes before the issue, so that half of it is long over: it renews again and again.
  const program = join(state, [...withToken(plane), ...app]);
  const { outbound, admin } = await program.ready();
  const serial = async () => /"serial": "(\w+)"/.exec((await call(admin, { path: '/certs' })).body)?.[1];
  const before = await serial();
  const key = fs.readFileSync(path.join(state, 'shop', 'key.pem'), 'utf8');
  await plane.waitFor('a renewal', () => plane.renewals >= 1, 10_000);
  await vi.waitFor(async () => expect(await serial()).not.toBe(before), { timeout: 5_000 });
  await program.waitFor('it on disk', () => fs.readFileSync(path.join(state, 'shop', 'key.pem'), 'utf8') !== key);
  const chain = fs.readFileSync(path.join(state, 'shop', 'cert.pem'), 'utf8');
  expect(new X509Certificate(chain).subjectAltName).toBe('URI:spiffe://mesh.local/ns/demo/sa/shop');
  expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
});

test('leaves with a goodbye and lets a request in flight end', async () => {
  const slow = await upstream((_, response) => void setTimeout(() => response.end('slow'), 1_500));
  const app = await upstream('shop');
  const plane = await controlPlane({ resources: resourcesFor(shopAndReviews(app, slow), 'demo/shop-1') });
  const program = join(temporaryFolder(), [...withToken(plane), '--app-address', `127.0.0.1:${app}`]);
  const { outbound } = await program.ready();
  const session = await plane.waitForSession('demo/shop-1');
  const pending = call(outbound, { host: 'reviews' });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const exit = program.stop();
  await plane.waitFor('the goodbye', () => session.saidGoodbye, 1_000);
  expect((await pending).body).toBe('slow');
  expect(await exit).toEqual({ code: 0, signal: null });
});

test('drains when the control plane asks for it', async () => {
  const { plane, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  await program.ready();
  const session = await plane.waitForSession('demo/shop-1');
  session.send({ case: 'drain', value: {} });
  expect(await program.exited).toEqual({ code: 0, signal: null });
});

test('answers dump requests of the control plane', async () => {
  const { plane, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  await program.ready();
  const session = await plane.waitForSession('demo/shop-1');
  session.send({ case: 'dumpRequest', value: { requestId: 'a', what: 'config' } });
  session.send({ case: 'dumpRequest', value: { requestId: 'b', what: 'nonsense' } });
  const [config, nonsense] = await plane.waitFor('two dumps', () => session.dumps.length === 2 && session.dumps);
  expect(config).toMatchObject({ requestId: 'a' });
  expect(config?.json).toContain('outbound|80||reviews.demo');
  expect(nonsense?.json).toContain('there is no dump');
});

test('a token works once, and what is wrong with one is said in words', async () => {
  const { plane, state, app } = await mesh();
  const token = plane.createToken('demo', 'shop');
  const first = join(state, [...withToken(plane, token), ...app]);
  await first.ready();
  const failing = async (more: readonly string[]): Promise<string> => {
    const program = join(temporaryFolder(), [...more, ...app]);
    expect(await program.exited).toEqual({ code: 1, signal: null });
    return program.stderr;
  };
  expect(await failing(withToken(plane, token))).toContain(
    'MALHA4904: the join token was refused: the token was used already',
  );
  expect(await failing(withToken(plane, 'nonsense'))).toContain('the token is unknown');
  expect(await failing(withToken(plane, plane.createToken('other', 'shop')))).toContain(
    'MALHA4904: the join was refused: the token is not for demo/shop',
  );
  const wrongPin = [
    '--control-plane',
    plane.joinAddress,
    '--ca-pin',
    `sha256:${'0'.repeat(64)}`,
    '--token',
    plane.createToken('demo', 'shop'),
  ];
  expect(await failing(wrongPin)).toContain('MALHA4903');
  expect(await failing([])).toContain(
    'MALHA4901: there is no usable state on disk (there is none); to join, give --control-plane, --ca-pin, --token',
  );
  const nobody = ['--control-plane', '127.0.0.1:1', '--ca-pin', plane.ca.pin, '--token', 't'];
  expect(await failing(nobody)).toContain('MALHA4902: the control plane at 127.0.0.1:1 could not be reached');
});

test('the pinned root in the chain of a server that has not its keys proves nothing', async () => {
  const { plane, app } = await mesh();
  const forger = await controlPlane();
  // Shows the true root beside a chain of its own.
  const impostor = await controlPlane({ ca: { ...forger.ca, trustBundlePem: plane.ca.trustBundlePem } });
  const token = impostor.createToken('demo', 'shop');
  const program = join(temporaryFolder(), [
    '--control-plane',
    impostor.joinAddress,
    '--ca-pin',
    plane.ca.pin,
    '--token',
    token,
    ...app,
  ]);
  expect(await program.exited).toEqual({ code: 1, signal: null });
  expect(impostor.joins).toHaveLength(0);
});

test('a second agent on the same state is refused', async () => {
  const { plane, state, app } = await mesh();
  const first = join(state, [...withToken(plane), ...app]);
  await first.ready();
  const second = join(state, app);
  expect(await second.exited).toEqual({ code: 1, signal: null });
  expect(second.stderr).toContain(`MALHA4906: process ${first.pid} already runs this workload`);
});

test('a workload that is not registered any more goes on, says what to do, and joins again with a new token', async () => {
  const { plane, state, app } = await mesh();
  const tokenFile = path.join(state, 'token');
  fs.writeFileSync(tokenFile, `${plane.createToken('demo', 'shop')}\n`);
  const program = join(state, [
    ...['--control-plane', plane.joinAddress, '--ca-pin', plane.ca.pin, '--token-file', tokenFile],
    ...app,
  ]);
  const { outbound } = await program.ready();
  await plane.waitForSession('demo/shop-1');
  plane.forget('demo/shop-1');
  const said = await program.waitFor('what to do', () => /MALHA4909: .*/.exec(program.stderr)?.[0]);
  expect(said).toContain('the control plane does not know this workload any more');
  expect(said).toContain('the token was used already');
  expect(said).toContain(`malha join-token create --service demo/shop" and write the token to ${tokenFile}`);
  expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
  fs.writeFileSync(tokenFile, plane.createToken('demo', 'shop'));
  const session = await plane.waitForSession('demo/shop-1', ({ isOpen }) => isOpen, 40_000);
  expect(plane.joins).toHaveLength(2);
  expect(plane.joins[1]).toMatchObject({ workloadName: 'shop-1', currentAddress: '127.0.0.1' });
  await plane.waitFor('a beat', () => session.heartbeats.length > 0);
  expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
});

test('a control plane with another root is not taken for this mesh, and the operator is told', async () => {
  const { plane, state, app } = await mesh();
  const program = join(state, [...withToken(plane), ...app]);
  const { outbound } = await program.ready();
  await plane.waitForSession('demo/shop-1');
  plane.stop();
  const other = await controlPlane({ joinPort: plane.joinPort, xdsPort: plane.xdsPort });
  const said = await program.waitFor('what to do', () => /MALHA4909: .*/.exec(program.stderr)?.[0]);
  expect(said).toContain('the control plane has another root certificate');
  expect(said).toContain('MALHA4903');
  expect(other.sessions).toHaveLength(0);
  expect((await call(outbound, { host: 'reviews' })).body).toBe('reviews');
});

test('a certificate that expired while the control plane was away is replaced by joining again', async () => {
  const { plane, resources, state, app } = await mesh({ leafLifetimeMs: 3_000 });
  const token = plane.createToken('demo', 'shop', 2);
  const program = join(state, [...withToken(plane, token), ...app]);
  await program.ready();
  await plane.waitForSession('demo/shop-1');
  plane.stop();
  const expiry = () => Date.parse(new X509Certificate(fs.readFileSync(path.join(state, 'shop', 'cert.pem'))).validTo);
  await program.waitFor('the end of the certificate', () => Date.now() > expiry() + 1_000);
  const { ca, joinPort, xdsPort } = plane;
  const back = await controlPlane({ ca, joinPort, xdsPort, resources });
  back.tokens.set(token, { namespace: 'demo', serviceAccount: 'shop', usesLeft: 1 });
  await back.waitForSession('demo/shop-1', () => true, 40_000);
  expect(program.stderr).toContain('joined again: the certificate expired');
  expect(expiry()).toBeGreaterThan(Date.now() + 60_000);
});
