// The control plane as its users meet it: signing in, roles, sessions, change sets, outages, replicas.
import { statSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { until } from '../src/resources/testing.ts';
import { createRootRouter } from '../src/trpc/root.ts';
import { type StartedApp, startedApp, type TestClient } from './started-app.ts';

// Passwords cost time on purpose, and more on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

let stage: StartedApp;
let admin: TestClient;
let adminEmail: string;
let adminPassword: string;
const clients: TestClient[] = [];

const SERVICE = `apiVersion: malha.dev/v1
kind: Service
metadata: {name: reviews, namespace: bookstore}
spec: {selector: {app: reviews}, ports: [{name: http, port: 9080}]}
`;
const KEY = 'Service/bookstore/reviews';

const firstUser = z.object({ email: z.string(), password: z.string() });
const signedIn = z.object({ id: z.string(), sessionVersion: z.number() });

beforeAll(async () => {
  stage = await startedApp();
  const first = await stage.admin('GET', '/users/first');
  ({ email: adminEmail, password: adminPassword } = firstUser.parse(first.body));
  admin = await signIn(adminEmail, adminPassword);
}, 60_000);

afterAll(async () => {
  for (const client of clients) await client.close();
  await stage?.stop();
}, 60_000);

async function signIn(email: string, password: string, at = stage): Promise<TestClient> {
  const { status, body } = await at.verifyPassword(email, password);
  expect(status).toBe(200);
  const client = at.client(await at.cookieOf(signedIn.parse(body)));
  clients.push(client);
  return client;
}

async function createUser(email: string, role: 'viewer' | 'editor' | 'operator' | 'admin') {
  const { user, password } = await admin.trpc.users.create.mutate({ email, name: email, role });
  return { user, password, client: await signIn(email, password) };
}

async function failureOf(work: Promise<unknown>): Promise<{ data: Record<string, unknown>; message: string }> {
  try {
    await work;
  } catch (error) {
    return error as { data: Record<string, unknown>; message: string };
  }
  throw new Error('it did not fail');
}

test('every procedure says who may call it', () => {
  // The factories only close over what they are given; nothing is called here.
  const nothing = new Proxy({}, { get: () => nothing }) as never;
  const procedures = createRootRouter(nothing)._def.procedures as unknown as Record<
    string,
    { _def: { meta?: { role?: string } } }
  >;
  const names = Object.keys(procedures);
  expect(names.length).toBeGreaterThan(40);
  const known = ['public', 'viewer', 'editor', 'operator', 'admin'];
  expect(names.filter((name) => !known.includes(procedures[name]?._def.meta?.role ?? ''))).toEqual([]);
  const isPublic = names.filter((name) => procedures[name]?._def.meta?.role === 'public');
  expect(isPublic).toEqual(['session.signedOut']);
});

test('the first administrator signs in with the printed password, which is then no longer shown', async () => {
  expect(adminPassword).toMatch(/^[a-zA-Z0-9]{5}(-[a-zA-Z0-9]{5}){3}$/);
  expect(await admin.trpc.session.me.query()).toMatchObject({ email: adminEmail, role: 'admin' });
  expect((await stage.admin('GET', '/users/first')).body).toEqual({ email: adminEmail, password: null });
  expect(statSync(stage.socket).mode & 0o777).toBe(0o600);
});

test('a password check needs the shared secret, and tells nothing about names', async () => {
  expect((await stage.verifyPassword(adminEmail, adminPassword, 'wrong')).status).toBe(404);
  const wrong = await stage.verifyPassword(adminEmail, 'wrong');
  const unknown = await stage.verifyPassword('nobody@malha.local', 'wrong');
  expect(wrong).toEqual(unknown);
  expect(wrong.status).toBe(401);
});

test('tries for one name are limited, and other names are not concerned', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 10; n++) statuses.push((await stage.verifyPassword('victim@malha.local', `p${n}`)).status);
  expect(statuses.at(0)).toBe(401);
  expect(statuses.at(-1)).toBe(429);
  expect((await stage.verifyPassword(adminEmail, adminPassword)).status).toBe(200);
}, 20_000);

test('without a session, with an expired one or a forged one, nothing is answered', async () => {
  const me = await admin.trpc.session.me.query();
  const expired = await stage.cookieOf({ id: me.id, sessionVersion: 1 }, -60);
  for (const cookie of [
    undefined,
    expired,
    'next-auth.session-token=forged',
    await stage.cookieOf({ id: me.id, sessionVersion: 2 }),
  ]) {
    const client = stage.client(cookie);
    clients.push(client);
    expect((await failureOf(client.trpc.mesh.status.query())).data).toMatchObject({
      code: 'UNAUTHORIZED',
      malhaCode: 'MALHA5040',
    });
  }
});

test('roles: a viewer reads, an editor writes routes, only an administrator writes security and users', async () => {
  const viewer = await createUser('viewer@malha.local', 'viewer');
  const editor = await createUser('editor@malha.local', 'editor');
  const change = { yaml: SERVICE, message: 'add reviews', baseRevisions: {} };
  expect((await viewer.client.trpc.resources.list.query({})).items).toBeDefined();
  expect((await failureOf(viewer.client.trpc.resources.applyChanges.mutate(change))).data).toMatchObject({
    code: 'FORBIDDEN',
  });
  expect((await failureOf(editor.client.trpc.users.list.query())).data).toMatchObject({ code: 'FORBIDDEN' });
  const { revision } = await editor.client.trpc.resources.applyChanges.mutate(change);
  expect(revision).toBe(1);
  const policy = `apiVersion: malha.dev/v1
kind: PeerAuthentication
metadata: {name: open, namespace: bookstore}
spec: {targetRef: {kind: Namespace, name: bookstore}, mode: PERMISSIVE}
`;
  const secure = { yaml: policy, message: 'open', baseRevisions: {} };
  expect((await failureOf(editor.client.trpc.resources.applyChanges.mutate(secure))).data).toMatchObject({
    malhaCode: 'MALHA5041',
  });

  // A role in one namespace counts there and nowhere else.
  await admin.trpc.users.setRole.mutate({ id: viewer.user.id, namespace: 'bookstore', role: 'editor' });
  const inBookstore = { yaml: SERVICE.replace('9080', '9081'), message: 'x', baseRevisions: { [KEY]: 1 } };
  const elsewhere = { yaml: SERVICE.replace('bookstore', 'payments'), message: 'x', baseRevisions: {} };
  expect((await viewer.client.trpc.resources.applyChanges.mutate(inBookstore)).revision).toBe(2);
  expect((await failureOf(viewer.client.trpc.resources.applyChanges.mutate(elsewhere))).data).toMatchObject({
    code: 'FORBIDDEN',
  });
});

test('two editors of one object: the second is told what the first wrote', async () => {
  const { revision } = await admin.trpc.resources.get.query({ key: KEY });
  const write = (port: number) =>
    admin.trpc.resources.applyChanges.mutate({
      yaml: SERVICE.replace('9080', String(port)),
      message: 'port',
      baseRevisions: { [KEY]: revision },
    });
  await write(7001);
  const { data } = await failureOf(write(7002));
  expect(data).toMatchObject({
    code: 'CONFLICT',
    malhaCode: 'MALHA1901',
    conflict: { key: KEY, currentAuthor: adminEmail },
  });
  const { currentYaml, baseYaml } = data.conflict as { currentYaml: string; baseYaml: string };
  expect(currentYaml).toContain('7001');
  expect(baseYaml).not.toContain('7001');
});

test('what is not valid is refused with findings, and nothing is stored', async () => {
  const before = await admin.trpc.mesh.status.query();
  const broken = SERVICE.replace('9080', '99999');
  const { data } = await failureOf(
    admin.trpc.resources.applyChanges.mutate({ yaml: broken, message: 'x', baseRevisions: {} }),
  );
  expect(data).toMatchObject({ code: 'BAD_REQUEST', findings: [{ path: 'spec.ports[0].port' }] });
  const checked = await admin.trpc.resources.validate.query({ yaml: broken });
  expect(checked.findings[0]).toMatchObject({ path: 'spec.ports[0].port', line: 4 });
  expect((await admin.trpc.mesh.status.query()).revision).toBe(before.revision);
});

test('a change is heard by subscribers, stands in the history with its diff, and is taken back', async () => {
  const heard: number[] = [];
  const subscription = admin.trpc.changes.onRevision.subscribe(undefined, {
    onData: (event) => heard.push(event.revision),
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const base = await admin.trpc.resources.get.query({ key: KEY });
  const draft = { yaml: SERVICE.replace('9080', '7100') };
  expect((await admin.trpc.resources.preview.query(draft)).diff).toMatchObject([{ key: KEY, op: 'update' }]);
  const { revision } = await admin.trpc.resources.applyChanges.mutate({
    ...draft,
    message: 'to 7100',
    baseRevisions: { [KEY]: base.revision },
  });
  await until(() => heard.includes(revision));
  const detail = await admin.trpc.changes.get.query({ revision });
  expect(detail).toMatchObject({ message: 'to 7100', author: adminEmail, diff: [{ key: KEY, op: 'update' }] });
  const reverted = await admin.trpc.changes.revert.mutate({ revision, message: '' });
  expect((await admin.trpc.resources.get.query({ key: KEY })).yaml).toBe(base.yaml);
  const { items } = await admin.trpc.changes.list.query({ limit: 1 });
  expect(items).toMatchObject([{ revision: reverted.revision, kind: 'revert', revertOf: revision }]);
  subscription.unsubscribe();
});

test('a disabled user is signed out at once: the event comes, the socket closes, calls are refused', async () => {
  const { user, client } = await createUser('leaver@malha.local', 'editor');
  const events: unknown[] = [];
  client.trpc.session.signedOut.subscribe(undefined, { onData: (event) => events.push(event) });
  client.trpc.mesh.onStatus.subscribe(undefined, { onData: () => undefined, onError: () => undefined });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await admin.trpc.users.disable.mutate({ id: user.id });
  await until(() => events.length === 1 && client.closeCodes.includes(4401));
  expect(events).toEqual([{ reason: 'session ended' }]);
  expect((await failureOf(client.trpc.session.me.query())).data).toMatchObject({ code: 'UNAUTHORIZED' });
});

test('a socket closes when the role changes, and the new role counts without a new sign-in', async () => {
  const { user, client } = await createUser('riser@malha.local', 'viewer');
  client.trpc.mesh.onStatus.subscribe(undefined, { onData: () => undefined, onError: () => undefined });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await admin.trpc.users.setRole.mutate({ id: user.id, role: 'operator' });
  await until(() => client.closeCodes.includes(4403));
  expect((await client.trpc.session.me.query()).role).toBe('operator');
});

test('the last administrator can be neither disabled nor demoted', async () => {
  const { id } = await admin.trpc.session.me.query();
  expect((await failureOf(admin.trpc.users.disable.mutate({ id }))).data).toMatchObject({ malhaCode: 'MALHA5043' });
  expect((await failureOf(admin.trpc.users.setRole.mutate({ id, role: 'viewer' }))).data).toMatchObject({
    code: 'CONFLICT',
  });
});

test('a page of another origin gets no socket and no mutation', async () => {
  const { hostname, port } = new URL(stage.url);
  const refused = new Promise((resolve) => {
    const socket = new WebSocket(`ws://${hostname}:${port}/trpc`, { headers: { origin: 'https://evil.example' } });
    socket.on('error', (error) => resolve(error.message));
    socket.on('open', () => resolve('open'));
  });
  expect(await refused).toContain('403');
  const response = await fetch(`${stage.url}/trpc/users.list`, {
    method: 'POST',
    headers: { origin: 'https://evil.example' },
    body: '{}',
  });
  expect(response.status).toBe(403);
});

test('REST: a bearer token has the rights of its user, over the same routes as the admin socket', async () => {
  const { token } = await admin.trpc.apiTokens.create.mutate({ name: 'ci' });
  const get = (authorization: string) => fetch(`${stage.url}/api/v1/resources/${KEY}`, { headers: { authorization } });
  expect((await get('Bearer malha_nonsense')).status).toBe(401);
  const answer = await get(`Bearer ${token}`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toMatchObject({ key: KEY });
  const applied = await stage.admin('POST', '/apply?message=from%20the%20socket', SERVICE.replace('9080', '7200'), {
    'content-type': 'application/yaml',
    'x-malha-author': 'ana',
  });
  expect(applied.status).toBe(200);
  const { items } = await admin.trpc.changes.list.query({ limit: 1 });
  expect(items).toMatchObject([{ author: 'ana', message: 'from the socket' }]);
  const stale = await stage.admin(
    'POST',
    `/apply?baseRevisions=${encodeURIComponent(JSON.stringify({ [KEY]: 1 }))}`,
    SERVICE,
  );
  expect(stale).toMatchObject({
    status: 409,
    body: { code: 'MALHA1901', conflict: { key: KEY, currentAuthor: 'ana' } },
  });
  expect((await stage.admin('POST', '/apply', 'a: [')).status).toBe(400);
  expect((await stage.admin('GET', '/nonsense')).status).toBe(404);
  expect((await stage.admin('GET', '/ca-pin')).body).toEqual({ pin: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
});

test('what is done to security stands in the audit log, with who did it', async () => {
  const { token, command } = await admin.trpc.joinTokens.create.mutate({ namespace: 'bookstore', service: 'reviews' });
  expect(command).toContain(
    `MALHA_JOIN_TOKEN=${token} npx malha join --control-plane 127.0.0.1:${stage.app.ports.join}`,
  );
  expect(command).toMatch(/--service bookstore\/reviews --version v1 --port \d+ -- <command>$/);
  expect(token).toMatch(/^mjt_/);
  const [minted] = await admin.trpc.joinTokens.list.query();
  await admin.trpc.joinTokens.revoke.mutate({ id: minted?.id ?? '' });
  const local = await stage.admin('POST', '/join-tokens', '{"namespace":"bookstore","service":"web"}', {
    'content-type': 'application/json',
    'x-malha-author': 'ana',
  });
  expect(local.status).toBe(200);
  const identity = 'spiffe://mesh.local/ns/bookstore/sa/thief';
  await admin.trpc.certificates.deny.mutate({ kind: 'identity', value: identity, reason: 'stolen' });
  await admin.trpc.certificates.allow.mutate({ kind: 'identity', value: identity });
  const { items } = await admin.trpc.audit.list.query({ limit: 5 });
  expect(items.map(({ actor, action, target }) => [actor, action, target])).toEqual([
    [adminEmail, 'certificates.allow', identity],
    [adminEmail, 'certificates.deny', identity],
    ['ana', 'joinTokens.create', 'bookstore/web'],
    [adminEmail, 'joinTokens.revoke', minted?.id],
    [adminEmail, 'joinTokens.create', 'bookstore/reviews'],
  ]);
  expect(JSON.stringify(items)).not.toContain(token.split('.')[1]);
});

test('explain says which rule and which backend a request gets, also with a draft', async () => {
  const caller = { namespace: 'bookstore' };
  const plain = await admin.trpc.explain.request.query({ caller, method: 'GET', url: 'http://reviews/x' });
  expect(plain.virtualHost).toMatch(/^reviews\.bookstore:/);
  const nobody = await admin.trpc.explain.request.query({ caller, method: 'GET', url: 'http://nobody/x' });
  expect(nobody).toMatchObject({ winner: undefined, backends: [] });
});

test('two replicas on one database see the same mesh and the same sessions', async () => {
  const replica = await stage.startReplica();
  try {
    const there = await signIn(adminEmail, adminPassword, replica);
    const before = await there.trpc.mesh.status.query();
    expect(before.revision).toBe((await admin.trpc.mesh.status.query()).revision);
    const { revision } = await admin.trpc.resources.applyChanges.mutate({
      yaml: SERVICE.replace('reviews', 'ratings'),
      message: 'more',
      baseRevisions: {},
    });
    let seen = 0;
    for (let n = 0; n < 100 && seen < revision; n++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen = (await there.trpc.mesh.status.query()).revision;
    }
    expect(seen).toBe(revision);
  } finally {
    await replica.stop();
  }
}, 30_000);

test('kill -9 of Postgres: the console is told, reads and sessions go on, writes are refused, all heals', async () => {
  const states: string[] = [];
  admin.trpc.mesh.onStatus.subscribe(undefined, {
    onData: ({ database }) => states.push(database),
    onError: () => undefined,
  });
  await until(() => states.length > 0);
  process.kill(stage.postgres.pid, 'SIGKILL');
  await until(() => states.includes('away'));
  expect((await admin.trpc.resources.list.query({})).items.length).toBeGreaterThan(0);
  const whileAway = await failureOf(
    admin.trpc.resources.applyChanges.mutate({
      yaml: SERVICE.replace('reviews', 'lost'),
      message: 'lost',
      baseRevisions: {},
    }),
  );
  expect(whileAway.data).toMatchObject({ malhaCode: 'MALHA5020' });
  await until(() => states.at(-1) === 'ok', 30_000);
  const { revision } = await admin.trpc.resources.get.query({ key: KEY });
  await admin.trpc.resources.applyChanges.mutate({
    yaml: SERVICE.replace('9080', '7300'),
    message: 'healed',
    baseRevisions: { [KEY]: revision },
  });
}, 60_000);
