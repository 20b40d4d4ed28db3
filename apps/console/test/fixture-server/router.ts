// The contract of the control plane over the fixtures, for looking at the console without a mesh.
import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { Finding, Me, MeshStatus, ProxyRow, Role, StoredResource } from '../../src/trpc/contract.ts';
import { overview, reviewsSplit, serviceDetail, serviceRows, topology } from './mesh.ts';
import { impact, protectedEdges } from './resilience.ts';
import { applied, apply, history, propagation, StaleDraft, store } from './resources.ts';
import { search, spansOf } from './traces.ts';

const t = initTRPC.create({
  transformer: superjson,
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    data: { ...shape.data, ...(error.cause instanceof StaleDraft && { conflict: error.cause.conflict }) },
  }),
});
const procedure = t.procedure;

const range = z.union([z.object({ liveSeconds: z.number() }), z.object({ fromMs: z.number(), toMs: z.number() })]);
const scoped = z.object({ range, namespaces: z.array(z.string()).optional() });
const graph = scoped.extend({ view: z.enum(['service', 'version', 'workload']) });
const secondsOf = (value: z.infer<typeof range>) =>
  'liveSeconds' in value ? value.liveSeconds : (value.toMs - value.fromMs) / 1000;

const me: Me = { id: '1', email: 'ines@books.example', name: 'Inês Carvalho', role: 'admin' };

const status = (): MeshStatus => {
  const { active, total } = propagation(applied.revision);
  return {
    meshName: 'books-prod',
    revision: store.revision,
    proxies: { total, active, stale: total - active, nacked: 0 },
    database: process.env.FIXTURE_DATABASE === 'away' ? 'away' : 'ok',
    canWrite: process.env.FIXTURE_DATABASE !== 'away',
    trustDomain: 'mesh.local',
  };
};

async function* every<T>(ms: number, read: () => T, signal: AbortSignal | undefined) {
  while (!signal?.aborted) {
    yield read();
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

function check(yaml: string): Finding[] {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines });
  const syntax = document.errors.map(
    (error): Finding => ({
      code: 'MALHA1001',
      severity: 'error',
      path: '',
      message: error.message.split('\n')[0] ?? error.message,
      line: lines.linePos(error.pos[0]).line,
    }),
  );
  const unknown = [...yaml.matchAll(/name: reviews-(v[4-9])/g)].map(
    (match): Finding => ({
      code: 'MALHA1203',
      severity: 'error',
      path: 'spec.rules[0].backendRefs[0].name',
      message: `There is no version ${match[1]} of reviews; the nearest known is v3.`,
      remedy: 'Name a version that the Service declares.',
      line: lines.linePos(match.index).line,
    }),
  );
  return [...syntax, ...unknown];
}

const proxies = (): ProxyRow[] =>
  serviceRows(300).flatMap((row) =>
    row.versions.flatMap((version) =>
      Array.from({ length: version.instances }, (_, index) => ({
        workload: `${row.name}-${version.name}-${index + 1}`,
        namespace: row.namespace,
        service: row.name,
        version: version.name,
        model: 'sidecar',
        instanceId: `${row.name}${index}`,
        state: row.name === 'ratings' && index === 1 ? ('nacked' as const) : ('in-sync' as const),
        servedRevision: row.name === 'ratings' && index === 1 ? 418 : store.revision,
        address: `127.64.0.${index + 3}`,
        softwareVersion: '0.1.0',
        connectedAtMs: Date.now() - 8_000_000,
        lastSeenMs: Date.now() - 400,
        rssBytes: 63_000_000 + index * 2_000_000,
        cpuCores: 0.014 + index * 0.01,
        openConnections: 12 + index,
        certificateNotAfterMs: Date.now() + (12 + index * 3) * 3_600_000,
        nack:
          row.name === 'ratings' && index === 1
            ? 'Cluster outbound|9080||catalog.bookstore: unknown load balancer type'
            : null,
      })),
    ),
  );

const resource = (found: StoredResource | undefined) => {
  if (found === undefined) throw new TRPCError({ code: 'NOT_FOUND', message: 'There is no such object.' });
  return found;
};

export const router = t.router({
  session: t.router({
    me: procedure.query(() => me),
    signedOut: procedure.subscription(async function* ({ signal }) {
      yield* [] as never[];
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    }),
  }),
  mesh: t.router({
    status: procedure.query(status),
    onStatus: procedure.subscription(({ signal }) => every(1000, status, signal)),
  }),
  overview: t.router({
    get: procedure.input(scoped).query(({ input }) => overview(secondsOf(input.range), input.namespaces)),
    on: procedure
      .input(scoped)
      .subscription(({ input, signal }) =>
        every(2000, () => overview(secondsOf(input.range), input.namespaces), signal),
      ),
  }),
  services: t.router({
    list: procedure.input(z.object({ range })).query(({ input }) => serviceRows(secondsOf(input.range))),
    get: procedure.input(z.object({ namespace: z.string(), name: z.string(), range })).query(({ input }) => {
      const found = serviceDetail(input.namespace, input.name, secondsOf(input.range));
      if (found === null)
        throw new TRPCError({ code: 'NOT_FOUND', message: `There is no service ${input.namespace}/${input.name}.` });
      return found;
    }),
  }),
  topology: t.router({
    get: procedure.input(graph).query(({ input }) => topology(input.view, input.namespaces)),
    on: procedure
      .input(graph)
      .subscription(({ input, signal }) => every(2000, () => topology(input.view, input.namespaces), signal)),
  }),
  resilience: t.router({
    edges: procedure.input(scoped).query(({ input }) => protectedEdges(topology('service', input.namespaces))),
  }),
  faults: t.router({ list: procedure.query(() => ({ nowMs: Date.now(), faults: [] })) }),
  explain: t.router({
    impact: procedure.input(z.object({ yaml: z.string(), service: z.unknown() })).query(impact),
  }),
  resources: t.router({
    namespaces: procedure.query(() => ['bookstore', 'payments']),
    list: procedure
      .input(z.object({ kind: z.string().optional(), namespace: z.string().optional() }))
      .query(({ input }) => ({
        revision: store.revision,
        items: [...store.resources.values()].filter(
          (item) =>
            (input.kind === undefined || item.kind === input.kind) &&
            (input.namespace === undefined || item.namespace === input.namespace),
        ),
      })),
    get: procedure.input(z.object({ key: z.string() })).query(({ input }) => resource(store.resources.get(input.key))),
    validate: procedure
      .input(z.object({ yaml: z.string() }))
      .query(({ input }) => ({ findings: check(input.yaml), resources: [] as { key: string; kind: string }[] })),
    applyChanges: procedure
      .input(z.object({ yaml: z.string(), message: z.string(), baseRevisions: z.record(z.string(), z.number()) }))
      .mutation(({ input }) => {
        try {
          return { revision: apply(me.name, input.message, input.yaml, input.baseRevisions) };
        } catch (error) {
          if (error instanceof StaleDraft)
            throw new TRPCError({ code: 'CONFLICT', message: error.message, cause: error });
          throw error;
        }
      }),
  }),
  changes: t.router({
    list: procedure
      .input(z.object({ cursor: z.number().optional(), limit: z.number(), namespace: z.string().optional() }))
      .query(() => ({ items: history, nextCursor: null as number | null })),
    get: procedure.input(z.object({ revision: z.number() })).query(({ input }) => {
      const found = history.find((change) => change.revision === input.revision);
      if (found === undefined)
        throw new TRPCError({ code: 'NOT_FOUND', message: `There is no revision r${input.revision}.` });
      return found;
    }),
    revert: procedure.input(z.object({ revision: z.number(), message: z.string() })).mutation(({ input }) => {
      const found = history.find((change) => change.revision === input.revision);
      const before = found?.diff[0]?.before;
      if (typeof before !== 'string') throw new TRPCError({ code: 'BAD_REQUEST', message: 'Nothing to take back.' });
      return { revision: apply(me.name, input.message, before, {}) };
    }),
    onRevision: procedure.subscription(async function* ({ signal }) {
      let last = store.revision;
      for await (const revision of every(500, () => store.revision, signal)) {
        const change = history[0];
        if (revision === last || change === undefined) continue;
        last = revision;
        yield { revision, author: change.author, message: change.message, createdAtMs: change.createdAtMs };
      }
    }),
  }),
  propagation: t.router({
    of: procedure.input(z.object({ revision: z.number() })).query(({ input }) => propagation(input.revision)),
    on: procedure
      .input(z.object({ revision: z.number() }))
      .subscription(({ input, signal }) => every(200, () => propagation(input.revision), signal)),
  }),
  proxies: t.router({
    list: procedure.query(proxies),
    on: procedure.subscription(({ signal }) => every(2000, proxies, signal)),
  }),
  split: t.router({
    measured: procedure
      .input(z.object({ namespace: z.string(), route: z.string(), rule: z.string(), sinceMs: z.number().optional() }))
      .query(() => split()),
    on: procedure
      .input(z.object({ namespace: z.string(), route: z.string(), rule: z.string(), sinceMs: z.number().optional() }))
      .subscription(({ signal }) => every(1000, split, signal)),
  }),
  traces: t.router({
    search: procedure
      .input(
        z.object({
          service: z.string().optional(),
          namespace: z.string().optional(),
          minDurationMs: z.number().optional(),
          errorsOnly: z.boolean().optional(),
          traceId: z.string().optional(),
          range,
          limit: z.number(),
        }),
      )
      .query(({ input }) => search(Date.now(), secondsOf(input.range), input.errorsOnly ?? false)),
    get: procedure
      .input(z.object({ traceId: z.string() }))
      .query(({ input }) => ({ traceId: input.traceId, spans: spansOf(Date.now() - 60_000) })),
  }),
  users: t.router({
    list: procedure.query(() => [
      {
        id: '1',
        email: 'ines@books.example',
        name: 'Inês Carvalho',
        role: 'admin' as Role,
        isDisabled: false,
        lastSignInAtMs: Date.now() as number | null,
      },
      {
        id: '2',
        email: 'tomas@books.example',
        name: 'Tomás Reis',
        role: 'editor' as Role,
        isDisabled: false,
        lastSignInAtMs: Date.now() - 7_200_000,
      },
      {
        id: '3',
        email: 'old@books.example',
        name: 'Old Account',
        role: 'viewer' as Role,
        isDisabled: true,
        lastSignInAtMs: null,
      },
    ]),
    create: procedure
      .input(z.object({ email: z.string(), name: z.string(), role: z.string() }))
      .mutation(() => ({ password: 'amber-otter-quiet-harbour-42' })),
    setRole: procedure.input(z.object({ id: z.string(), role: z.string() })).mutation(() => undefined),
    disable: procedure.input(z.object({ id: z.string(), isDisabled: z.boolean() })).mutation(() => undefined),
    resetPassword: procedure
      .input(z.object({ id: z.string() }))
      .mutation(() => ({ password: 'amber-otter-quiet-harbour-42' })),
  }),
  joinTokens: t.router({
    list: procedure.query(() => [
      {
        id: 'a',
        spiffeId: 'spiffe://mesh.local/ns/bookstore/sa/catalog',
        expiresAtMs: Date.now() + 2_760_000,
        usedAtMs: null as number | null,
        revokedAtMs: null as number | null,
        createdBy: 'ines@books.example',
      },
      {
        id: 'b',
        spiffeId: 'spiffe://mesh.local/ns/payments/sa/ledger',
        expiresAtMs: Date.now() - 100,
        usedAtMs: Date.now() - 4_000_000,
        revokedAtMs: null,
        createdBy: 'ines@books.example',
      },
    ]),
    create: procedure
      .input(z.object({ namespace: z.string(), service: z.string(), ttlSeconds: z.number() }))
      .mutation(({ input }) => ({
        token: 'mjt_…',
        expiresAtMs: Date.now() + input.ttlSeconds * 1000,
        command: `malha join --control-plane 127.0.0.1:15013 --ca-pin sha256:8f3a --token mjt_… --service ${input.namespace}/${input.service} --version v1 --port 8080 -- <command>`,
      })),
    revoke: procedure.input(z.object({ id: z.string() })).mutation(() => undefined),
  }),
  gatewayCertificates: t.router({
    list: procedure.query(() => [
      {
        namespace: 'bookstore',
        name: 'shop-example',
        subject: 'CN=shop.example',
        issuer: 'CN=Example CA',
        dnsNames: ['shop.example', '*.shop.example'],
        ipAddresses: [],
        serial: '03a1',
        notBeforeMs: Date.now() - 86_400_000,
        notAfterMs: Date.now() + 1_728_000_000,
        fingerprint: '8f3a91c0c1'.repeat(6),
        key: 'EC P-256',
        chainLength: 2,
        updatedAtMs: Date.now() - 86_400_000,
        updatedBy: 'admin@example.com',
        usedBy: ['bookstore/edge listener https'],
      },
    ]),
    put: procedure
      .input(z.object({ namespace: z.string(), name: z.string(), chain: z.string(), key: z.string() }))
      .mutation(() => undefined),
    remove: procedure
      .input(z.object({ namespace: z.string(), name: z.string(), force: z.boolean() }))
      .mutation(() => undefined),
  }),
  certificates: t.router({
    authority: procedure.query(() => {
      const year = 31_536_000_000;
      const certificate = (subject: string, ms: number) => ({
        subject,
        serial: '4f8a11',
        notBeforeMs: Date.now() - 4_000_000,
        notAfterMs: Date.now() + ms,
        spkiSha256: '8f3a91c0c1'.repeat(6),
      });
      return {
        trustDomain: 'mesh.local',
        root: certificate('CN=Malha root', 10 * year),
        issuing: certificate('CN=Malha issuing 1', year),
      };
    }),
    list: procedure.query(() =>
      proxies().map((proxy) => ({
        workload: `${proxy.namespace}/${proxy.workload}`,
        spiffeId: `spiffe://mesh.local/ns/${proxy.namespace}/sa/${proxy.service}`,
        serial: '01af',
        notAfterMs: proxy.certificateNotAfterMs ?? 0,
      })),
    ),
  }),
});

function split() {
  const total = Math.min(8000, Math.floor((Date.now() - applied.atMs) / 1000) * 184 + 1104);
  return {
    sinceMs: applied.atMs,
    total,
    backends: Object.entries(reviewsSplit).map(([version, share]) => ({
      version,
      requests: Math.round((total * share) / 100),
      share: share / 100 + (version === 'v1' ? 0.003 : -0.0015) * (share > 0 ? 1 : 0),
    })),
  };
}

export type AppRouter = typeof router;
