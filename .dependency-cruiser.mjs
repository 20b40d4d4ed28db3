// Rules of dependency D1–D10 (ARCHITECTURE.md). Each comment is the reason a violation prints.
const TEST = '(\\.test\\.tsx?$|/test/|^packages/testing/|^e2e/|^bench/)';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'D1-nothing-imports-main-or-app',
      comment: 'main -> app -> modules: the composition root knows the modules, never the other way round.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/', pathNot: ['^apps/[^/]+/src/(main|app|worker-main)\\.ts$', TEST] },
      to: { path: '^apps/(api|dataplane)/src/(main|app)\\.ts$' },
    },
    {
      name: 'D2-packages-never-import-apps',
      comment: 'A package is used by several apps; knowing one of them would tie all of them together.',
      severity: 'error',
      from: { path: '^packages/', pathNot: '^packages/(cli|testing)/' },
      to: { path: '^apps/' },
    },
    {
      name: 'D2-apps-never-import-each-other',
      comment: 'Apps meet on the wire. Only the console may `import type` the AppRouter of the api.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: TEST },
      to: { path: '^apps/', pathNot: '^apps/$1/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'D3-inbound-and-outbound-apart',
      comment: 'Each stack is composed in one readable place; what they share lives in the modules below them.',
      severity: 'error',
      from: { path: '^apps/dataplane/src/(inbound|outbound)/' },
      to: { path: '^apps/dataplane/src/(inbound|outbound)/', pathNot: '^apps/dataplane/src/$1/' },
    },
    {
      name: 'D4-protobuf-only-at-the-border',
      comment: 'Protobuf types stay in xds/, otlp/ and rpc/ folders and packages/xds; the rest sees domain types.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: ['/(xds|otlp|rpc)/', '^packages/xds/', TEST] },
      to: { path: ['^packages/xds/src/generated/', '@bufbuild/protobuf'] },
    },
    {
      name: 'D5-pure-packages',
      comment: 'The engine, the policies and the dialects are pure: no Prisma, gRPC, sockets, files or logger.',
      severity: 'error',
      from: { path: '^(packages/(model|policies|traffic)/src|apps/api/src/xds/dialects)/', pathNot: TEST },
      to: {
        path: [
          '^(node:)?(fs|net|tls|http|http2|https|child_process|worker_threads|timers|dns|os)(/|$)',
          'node_modules/(@grpc|@prisma|pg|pino)/',
          '^apps/api/src/db/',
        ],
      },
    },
    {
      name: 'D6-prisma-in-repositories',
      comment: 'Prisma only in repository.ts files and db/, so that the store can change without the services.',
      severity: 'error',
      from: { path: '^apps/api/src/', pathNot: ['(^|/)[a-z-]*repository\\.ts$', '^apps/api/src/db/', TEST] },
      to: { path: ['node_modules/@prisma/', '^apps/api/src/db/generated/'] },
    },
    {
      name: 'D6-prisma-stays-in-the-api',
      comment: 'The database belongs to the api alone.',
      severity: 'error',
      from: { path: '^(apps/(console|dataplane)|packages)/' },
      to: { path: ['node_modules/@prisma/', '^apps/api/src/db/'] },
    },
    {
      name: 'D7-trpc-in-routers',
      comment: 'Services throw domain errors; one place (trpc/) converts them. Only router.ts and trpc/ know tRPC.',
      severity: 'error',
      from: { path: '^apps/api/src/', pathNot: ['(^|/)router\\.ts$', '^apps/api/src/trpc/', TEST] },
      to: { path: 'node_modules/@trpc/server' },
    },
    {
      name: 'D8-policy-folders-apart',
      comment: 'A policy is one folder with a pure apply; policies meet only in compile.',
      severity: 'error',
      from: { path: '^packages/policies/src/policies/([^/]+)/' },
      to: { path: '^packages/policies/src/policies/', pathNot: '^packages/policies/src/policies/$1/' },
    },
    {
      name: 'D9-components-know-no-features',
      comment: 'Components are primitives without domain nouns.',
      severity: 'error',
      from: { path: '^apps/console/src/components/' },
      to: { path: '^apps/console/src/(features|app)/' },
    },
    {
      name: 'D9-features-through-their-index',
      comment: 'A feature is used by another only through its index.ts.',
      severity: 'error',
      from: { path: '^apps/console/src/features/([^/]+)/' },
      to: { path: '^apps/console/src/features/', pathNot: ['^apps/console/src/features/$1/', '/index\\.tsx?$'] },
    },
    {
      name: 'D9-features-know-no-app',
      comment: 'app/ holds routes only; features do not reach up.',
      severity: 'error',
      from: { path: '^apps/console/src/features/' },
      to: { path: '^apps/console/src/app/' },
    },
    {
      name: 'D10-no-cycles',
      comment: 'A cycle has no first file to read.',
      severity: 'error',
      from: { pathNot: '/generated/' },
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'tests-stay-out-of-products',
      comment: 'packages/testing is for tests only.',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: TEST },
      to: { path: '^packages/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(/generated/.*_pb|/\\.next/|/dist/|\\.golden\\.)' },
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'default'] },
    moduleSystems: ['es6'],
  },
};
