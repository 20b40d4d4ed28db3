// Generator of configurations of a proxy for property tests: every field of the runtime types, in every form.
import type {
  AuthorizationPolicyRules,
  Cluster,
  ClusterEndpoints,
  ClusterName,
  CohortKey,
  FallbackConfig,
  FaultRule,
  GatewayListener,
  HashKey,
  HeaderMutation,
  HealthCheckConfig,
  HedgingConfig,
  HttpGatewayListener,
  InboundPort,
  LoadBalancerConfig,
  MeshConfig,
  OutlierDetectionConfig,
  OverloadConfig,
  PathMatch,
  PathRewrite,
  RateLimitRule,
  RequestBounds,
  RequestCondition,
  RouteAction,
  RouteMatch,
  RouteTable,
  SpiffeId,
  TcpListener,
  ValueMatch,
  WeightedCluster,
} from '@malha/traffic';
import { isHttpListener } from '@malha/traffic/gateway';
import { REQUEST_KINDS } from '@malha/traffic/overload/config';
import fc from 'fast-check';

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const milliseconds = fc.integer({ min: 0, max: 3_600_000 });
const service = fc.record({ namespace: label, name: label });
const positive = fc.integer({ min: 1, max: 600_000 });
const breaker = fc.record({
  successRate: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
  windowMs: positive,
  minRequests: positive,
  openMs: positive,
  openMaxMs: positive,
  halfOpenRequests: positive,
});
const protocol = fc.constantFrom('http' as const, 'http2' as const, 'grpc' as const, 'tcp' as const, 'tls' as const);
const headerName = fc.stringMatching(/^[a-z][a-z0-9-]{0,12}$/);
const headerValue = fc.stringMatching(/^[ -~]{0,16}$/);
const path = fc.stringMatching(/^\/[a-z0-9/._-]{0,16}$/);
const regex = fc.constantFrom('/a.*', '[a-z]+', '/(a|b)/\\d+', '^x$', '.');

const clusterName = fc
  .record({ port, version: fc.oneof(fc.constant(''), label), service: label, namespace: label })
  .map((part) => `outbound|${part.port}|${part.version}|${part.service}.${part.namespace}` as ClusterName);

const spiffeId = fc.tuple(label, label).map(([ns, sa]) => `spiffe://mesh.local/ns/${ns}/sa/${sa}` as SpiffeId);

const headers: fc.Arbitrary<HeaderMutation> = fc.record({
  set: fc.array(fc.record({ name: headerName, value: headerValue }), { maxLength: 2 }),
  add: fc.array(fc.record({ name: headerName, value: headerValue }), { maxLength: 2 }),
  remove: fc.array(headerName, { maxLength: 2 }),
});

const pathMatch: fc.Arbitrary<PathMatch> = fc.oneof(
  fc.record({ type: fc.constantFrom('exact' as const, 'prefix' as const), value: path }),
  fc.record({ type: fc.constant('regex' as const), value: regex }),
);

function valueMatch(name: fc.Arbitrary<string>): fc.Arbitrary<ValueMatch> {
  return fc.oneof(
    fc.record({ name, type: fc.constant('exact' as const), value: headerValue }),
    fc.record({ name, type: fc.constant('regex' as const), value: regex }),
  );
}

const cohortKey: fc.Arbitrary<CohortKey> = fc.oneof(
  fc.record({ type: fc.constantFrom('header' as const, 'cookie' as const), name: headerName }),
  fc.record({ type: fc.constant('fixed' as const), value: label }),
);

const routeMatch: fc.Arbitrary<RouteMatch> = fc.record(
  {
    path: pathMatch,
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    headers: fc.array(valueMatch(headerName), { maxLength: 2 }),
    queryParams: fc.array(valueMatch(fc.string({ minLength: 1, maxLength: 8 })), { maxLength: 2 }),
    countries: fc.subarray(['PT', 'BR', 'AO'], { minLength: 1 }),
    devices: fc.subarray(['mobile', 'tablet', 'desktop', 'bot'] as const, { minLength: 1 }),
    share: fc.record({ perMillion: fc.nat(1_000_000), cohort: cohortKey }, { requiredKeys: ['perMillion'] }),
  },
  { requiredKeys: ['path', 'headers', 'queryParams'] },
);

const pathRewrite: fc.Arbitrary<PathRewrite> = fc.oneof(
  fc.record({ type: fc.constant('full' as const), value: fc.stringMatching(/^\/[a-z\\1]{0,8}$/) }),
  fc.record({ type: fc.constant('prefix' as const), value: path }),
);

const rewrite = fc.oneof(
  fc.record({ host: label }),
  fc.record({ path: pathRewrite }),
  fc.record({ host: label, path: pathRewrite }),
);

const mirrors = fc.array(fc.record({ cluster: clusterName, perMillion: fc.nat(1_000_000) }), {
  minLength: 1,
  maxLength: 2,
});

const cors = fc.record({
  allowOrigins: fc.array(fc.constantFrom('*', 'https://shop.example', 'http://*.example:8080'), { maxLength: 2 }),
  allowMethods: fc.array(fc.constantFrom('GET', 'PUT', '*'), { maxLength: 2 }),
  allowHeaders: fc.array(headerName, { maxLength: 2 }),
  exposeHeaders: fc.array(headerName, { maxLength: 2 }),
  maxAgeSeconds: fc.nat(86_400),
  allowCredentials: fc.boolean(),
});

const redirect = fc.record(
  {
    type: fc.constant('redirect' as const),
    status: fc.constantFrom(301, 302, 303, 307, 308),
    scheme: fc.constantFrom('http' as const, 'https' as const),
    host: label,
    port,
    path: fc.record({ type: fc.constantFrom('full' as const, 'prefix' as const), value: path }),
    responseHeaders: headers,
  },
  { requiredKeys: ['type', 'status', 'responseHeaders'] },
);

const direct = fc.record({
  type: fc.constant('direct' as const),
  status: fc.integer({ min: 200, max: 599 }),
  body: fc.string({ maxLength: 20 }),
  responseHeaders: headers,
});

const toBackend = { cluster: clusterName, weight: fc.integer({ min: 0, max: 1_000_000 }), requestHeaders: headers };

const weightedCluster: fc.Arbitrary<WeightedCluster> = fc.oneof(
  fc.record(
    { ...toBackend, responseHeaders: headers, rewrite, cors, mirrors },
    { requiredKeys: ['cluster', 'weight', 'requestHeaders', 'responseHeaders'] },
  ),
  fc.record({ ...toBackend, responseHeaders: headers, answer: fc.oneof(redirect, direct) }),
);

const retry = fc.record({
  attempts: fc.integer({ min: 0, max: 10 }),
  on: fc.subarray([
    ...(['connect-failure', 'refused-stream', 'reset', 'gateway-error', '5xx', 'retriable-status'] as const),
    ...(['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'] as const),
  ]),
  statusCodes: fc.array(fc.integer({ min: 400, max: 599 }), { maxLength: 3 }),
  backoffBaseMs: milliseconds,
  backoffMaxMs: milliseconds,
  budget: fc.record({
    percent: fc.double({ min: 0, max: 100, noNaN: true }),
    minConcurrent: fc.nat(100),
  }),
});

const pattern = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    value,
    value.map((text) => `${text}*`),
    value.map((text) => `*${text}`),
    fc.constant('*'),
  );

const condition: fc.Arbitrary<RequestCondition> = fc.record({
  principals: fc.array(fc.oneof(spiffeId, fc.constant('spiffe://mesh.local/ns/shop/*')), { maxLength: 2 }),
  methods: fc.array(fc.constantFrom('GET', 'PUT'), { maxLength: 2 }),
  paths: fc.array(pattern(path), { maxLength: 2 }),
  headers: fc.array(
    fc.record({ name: headerName, values: fc.array(pattern(headerValue), { minLength: 1, maxLength: 2 }) }),
    { maxLength: 2 },
  ),
});

const bucket = {
  requests: fc.integer({ min: 1, max: 10_000_000 }),
  intervalMs: fc.integer({ min: 1, max: 86_400_000 }),
  burst: fc.integer({ min: 1, max: 10_000_000 }),
};

const rateLimit: fc.Arbitrary<RateLimitRule> = fc.record(
  {
    id: label,
    condition,
    keys: fc.array(
      fc.oneof(
        fc.record({ type: fc.constantFrom('identity' as const, 'address' as const, 'path' as const) }),
        fc.record({ type: fc.constant('header' as const), name: headerName }),
      ),
      { maxLength: 2 },
    ),
    announces: fc.boolean(),
    ...bucket,
    global: fc.record({ cluster: clusterName, timeoutMs: milliseconds, failsOpen: fc.boolean() }),
  },
  { requiredKeys: ['id', 'condition', 'keys', 'announces', 'requests', 'intervalMs', 'burst'] },
);

const perMillion = fc.nat(1_000_000);

const fault: fc.Arbitrary<FaultRule> = fc.record(
  {
    id: label,
    condition,
    delay: fc.record({ perMillion, durationMs: milliseconds }),
    abort: fc.oneof(
      fc.record({ perMillion, status: fc.integer({ min: 200, max: 599 }) }),
      fc.record({ perMillion, grpcStatus: fc.integer({ min: 1, max: 16 }) }),
    ),
    reset: fc.record({ perMillion }),
    bandwidth: fc.record(
      {
        perMillion,
        responseBytesPerSecond: fc.integer({ min: 1, max: 1_000_000_000 }),
        requestBytesPerSecond: fc.integer({ min: 1, max: 1_000_000_000 }),
      },
      { requiredKeys: ['perMillion'] },
    ),
    stop: fc.record({
      errorPerMillion: perMillion,
      windowMs: positive,
      minRequests: fc.nat(1_000_000),
      ofService: fc.boolean(),
      ofCallers: fc.boolean(),
    }),
    lastsMs: fc.integer({ min: 1, max: 86_400_000 }),
    startedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  },
  { requiredKeys: ['id', 'condition', 'lastsMs'] },
);

const fallback: fc.Arbitrary<FallbackConfig> = fc.record({
  on: fc.subarray(['5xx', 'gateway-error', 'unavailable', 'timeout'] as const, { minLength: 1 }),
  to: fc.oneof(
    fc.record({ type: fc.constant('backend' as const), cluster: clusterName }),
    fc.record({
      type: fc.constant('static' as const),
      status: fc.integer({ min: 200, max: 599 }),
      body: fc.string({ maxLength: 20 }),
      headers: fc.array(fc.record({ name: headerName, value: headerValue }), { maxLength: 2 }),
    }),
    fc.record({
      type: fc.constant('last-good' as const),
      maxAgeMs: positive,
      maxEntries: positive,
      maxBytes: fc.integer({ min: 1024, max: 268_435_456 }),
    }),
  ),
});

const hedging: fc.Arbitrary<HedgingConfig> = fc.record({
  delayMs: positive,
  maxAttempts: fc.integer({ min: 2, max: 5 }),
  perMillion: fc.nat(1_000_000),
});

const action: fc.Arbitrary<RouteAction> = fc.oneof(
  fc.record(
    {
      type: fc.constant('forward' as const),
      clusters: fc.array(weightedCluster, { minLength: 1, maxLength: 3 }),
      requestHeaders: headers,
      responseHeaders: headers,
      rewrite,
      requestTimeoutMs: milliseconds,
      backendRequestTimeoutMs: milliseconds,
      streamIdleTimeoutMs: milliseconds,
      retry,
      mirrors,
      cohort: cohortKey,
      rateLimits: fc.array(rateLimit, { minLength: 1, maxLength: 2 }),
      breaker,
      maxDurationMs: milliseconds,
      hedging,
      fallback,
      session: fc.record({
        type: fc.constantFrom('header' as const, 'cookie' as const),
        name: label,
        maxAgeSeconds: fc.nat(86_400),
      }),
      faults: fc.array(fault, { minLength: 1, maxLength: 2 }),
      cors,
    },
    {
      requiredKeys: [
        'type',
        'clusters',
        'requestHeaders',
        'responseHeaders',
        'requestTimeoutMs',
        'backendRequestTimeoutMs',
        'streamIdleTimeoutMs',
        'retry',
      ],
    },
  ),
  redirect,
  direct,
);

const routeTable: fc.Arbitrary<RouteTable> = fc.record({
  name: label,
  virtualHosts: fc.array(
    fc.record({
      name: label,
      domains: fc.array(fc.oneof(label, fc.constant('*')), { minLength: 1, maxLength: 3 }),
      routes: fc.array(fc.record({ name: label, match: routeMatch, action }), { maxLength: 3 }),
    }),
    { maxLength: 3 },
  ),
});

const hashKey: fc.Arbitrary<HashKey> = fc.oneof(
  fc.record({ type: fc.constantFrom('header' as const, 'cookie' as const, 'query' as const), name: label }),
  fc.constant({ type: 'source' as const }),
);

const loadBalancer: fc.Arbitrary<LoadBalancerConfig> = fc.oneof(
  fc.record(
    {
      type: fc.constantFrom(
        'RoundRobin' as const,
        'LeastRequest' as const,
        'LeastConnection' as const,
        'PeakEwma' as const,
      ),
      slowStartMs: fc.integer({ min: 1, max: 600_000 }),
      panicPercent: fc.integer({ min: 1, max: 100 }),
    },
    { requiredKeys: ['type'] },
  ),
  fc.record({ type: fc.constant('RingHash' as const), hashKeys: fc.array(hashKey, { minLength: 1, maxLength: 3 }) }),
  fc.record(
    {
      type: fc.constant('Maglev' as const),
      hashKeys: fc.array(hashKey, { minLength: 1, maxLength: 3 }),
      tableSize: fc.constantFrom(101, 65_537),
    },
    { requiredKeys: ['type', 'hashKeys'] },
  ),
);

const limit = fc.integer({ min: 1, max: 1000 });
const outlierDetection: fc.Arbitrary<OutlierDetectionConfig> = fc.record(
  {
    consecutive5xx: fc.nat(1000),
    consecutiveGatewayErrors: fc.nat(1000),
    consecutiveLocalErrors: fc.nat(1000),
    intervalMs: milliseconds,
    baseEjectionMs: milliseconds,
    maxEjectionMs: milliseconds,
    maxEjectionPercent: fc.nat(100),
    successRate: fc.record({
      minEndpoints: limit,
      minRequests: limit,
      stdevFactor: fc.integer({ min: 0, max: 100 }).map((tenths) => tenths / 10),
    }),
    failurePercentage: fc.record({
      threshold: fc.integer({ min: 1, max: 100 }),
      minEndpoints: limit,
      minRequests: limit,
    }),
  },
  {
    requiredKeys: [
      'consecutive5xx',
      'consecutiveGatewayErrors',
      'consecutiveLocalErrors',
      'intervalMs',
      'baseEjectionMs',
      'maxEjectionMs',
      'maxEjectionPercent',
    ],
  },
);

const timing = {
  intervalMs: milliseconds,
  timeoutMs: milliseconds,
  jitterPercent: fc.nat(100),
  unhealthyThreshold: limit,
  healthyThreshold: limit,
};
const healthCheck: fc.Arbitrary<HealthCheckConfig> = fc.oneof(
  fc.record({
    ...timing,
    type: fc.constant('http' as const),
    path,
    host: fc.constantFrom('', 'probe.example'),
    expectedStatuses: fc.uniqueArray(fc.integer({ min: 100, max: 599 }), { maxLength: 3 }),
  }),
  fc.record({ ...timing, type: fc.constant('grpc' as const), service: fc.constantFrom('', 'shop.Ledger') }),
  fc.record({ ...timing, type: fc.constant('tcp' as const) }),
);

const cluster: fc.Arbitrary<Cluster> = fc.record({
  name: clusterName,
  service,
  port,
  version: fc.oneof(fc.constant(''), label),
  protocol,
  connectTimeoutMs: milliseconds,
  idleTimeoutMs: milliseconds,
  limits: fc.record({ maxConnections: fc.nat(), maxPending: fc.nat(), maxRequests: fc.nat() }),
  loadBalancer,
  outlierDetection,
  healthCheck,
  breaker,
  tls: fc.record({ serverName: label, spiffeIds: fc.array(spiffeId, { maxLength: 2 }) }),
});

function endpointsOf(name: ClusterName): fc.Arbitrary<ClusterEndpoints> {
  return fc.record({
    cluster: fc.constant(name),
    endpoints: fc.array(
      fc.record({
        workload: fc.tuple(label, label).map((parts) => parts.join('/')),
        address: fc.oneof(fc.ipV4(), fc.ipV6()),
        port,
        tls: fc.boolean(),
        version: fc.oneof(fc.constant(''), label),
        weight: fc.integer({ min: 1, max: 1000 }),
        healthy: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
  });
}

const authorizationPolicy: fc.Arbitrary<AuthorizationPolicyRules> = fc.record({
  id: fc.tuple(label, label).map((parts) => parts.join('/')),
  action: fc.constantFrom('ALLOW' as const, 'DENY' as const, 'AUDIT' as const),
  mode: fc.constantFrom('Enforce' as const, 'Shadow' as const),
  rules: fc.array(
    fc.record({
      principals: fc.array(
        fc.oneof(
          spiffeId,
          spiffeId.map((id) => `${id}*`),
          fc.constant('*'),
        ),
        { maxLength: 2 },
      ),
      namespaces: fc.array(label, { maxLength: 2 }),
      ipBlocks: fc.array(
        fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map((parts) => parts.join('/')),
        { maxLength: 2 },
      ),
      methods: fc.array(fc.constantFrom('GET', 'PUT'), { maxLength: 2 }),
      paths: fc.array(pattern(path), { maxLength: 2 }),
      hosts: fc.array(pattern(label), { maxLength: 2 }),
      ports: fc.array(port, { maxLength: 2 }),
      headers: fc.array(
        fc.record({ name: headerName, values: fc.array(pattern(headerValue), { minLength: 1, maxLength: 2 }) }),
        {
          maxLength: 2,
        },
      ),
    }),
    { maxLength: 3 },
  ),
});

const overload: fc.Arbitrary<OverloadConfig> = fc.record({
  id: label,
  minConcurrency: fc.integer({ min: 1, max: 10 }),
  maxConcurrency: fc.integer({ min: 10, max: 1000 }),
  maxQueue: fc.nat(1000),
  queueTimeoutMs: fc.integer({ min: 1, max: 10_000 }),
  probePaths: fc.array(label, { maxLength: 2 }),
});

const requestBounds: fc.Arbitrary<RequestBounds> = fc.record(
  {
    maxBytes: fc.integer({ min: 1, max: 4_294_967_295 }),
    kinds: fc.subarray([...REQUEST_KINDS], { minLength: 1 }),
  },
  { requiredKeys: [] },
);

const inboundPort: fc.Arbitrary<InboundPort> = fc.record(
  {
    port,
    appAddress: port.map((number) => `127.0.0.1:${number}`),
    protocol,
    mode: fc.constantFrom('STRICT' as const, 'PERMISSIVE' as const, 'DISABLE' as const),
    serverNames: fc.array(label, { maxLength: 2 }),
    hosts: fc.array(label, { maxLength: 3 }),
    service,
    authorization: fc.record({ policies: fc.array(authorizationPolicy, { maxLength: 3 }) }),
    rateLimits: fc.array(rateLimit, { minLength: 1, maxLength: 2 }),
    connectionLimits: fc.array(fc.record({ id: label, ...bucket }), { minLength: 1, maxLength: 2 }),
    overload,
    requests: requestBounds,
    takesBytes: fc.constant(true as const),
  },
  { requiredKeys: ['port', 'appAddress', 'protocol', 'mode', 'serverNames', 'hosts', 'service', 'authorization'] },
);

const tcpListener: fc.Arbitrary<TcpListener> = fc
  .record(
    {
      port,
      isDetected: fc.boolean(),
      faults: fc.array(fault, { minLength: 1, maxLength: 2 }),
      protocol: fc.constantFrom('tcp' as const, 'tls' as const),
      service,
      servicePort: port,
      routes: fc.array(
        fc.record({
          name: label,
          serverNames: fc.array(fc.oneof(label, fc.constant('*')), { minLength: 1, maxLength: 2 }),
          clusters: fc.array(fc.record({ cluster: clusterName, weight: fc.nat(1_000_000) }), {
            minLength: 1,
            maxLength: 2,
          }),
        }),
        { minLength: 1, maxLength: 2 },
      ),
    },
    { requiredKeys: ['port', 'isDetected', 'protocol', 'service', 'servicePort', 'routes'] },
  )
  .map(({ isDetected, ...listener }) => ({
    ...listener,
    ...(isDetected && listener.protocol === 'tcp' && { httpRouteTable: `upstream|${listener.port}` }),
  }));

const tracing = fc.record({ samplePercent: fc.double({ min: 0, max: 100, noNaN: true }) });

const httpGateway: fc.Arbitrary<HttpGatewayListener> = fc
  .record({
    port,
    protocol: fc.constantFrom('HTTP' as const, 'HTTPS' as const),
    trustedHops: fc.nat(10),
    tracing,
    servers: fc.array(fc.record({ name: label, hostname: fc.oneof(label, fc.constant('*')), certificate: label }), {
      minLength: 1,
      maxLength: 2,
    }),
  })
  .map(({ servers, ...listener }) => ({
    ...listener,
    routeTable: `gateway|${listener.port}`,
    servers: servers.map(({ certificate, ...server }) => ({
      ...server,
      certificates: listener.protocol === 'HTTPS' ? [certificate] : [],
    })),
  }));

const tcpGateway: fc.Arbitrary<GatewayListener> = fc.record({
  port,
  protocol: fc.constantFrom('TLS' as const, 'TCP' as const),
  routes: fc.array(
    fc.record(
      {
        name: label,
        listener: label,
        serverNames: fc.array(fc.oneof(label, fc.constant('*')), { minLength: 1, maxLength: 2 }),
        clusters: fc.array(fc.record({ cluster: clusterName, weight: fc.nat(1_000_000) }), { maxLength: 2 }),
        certificates: fc.array(label, { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['name', 'listener', 'serverNames', 'clusters'] },
    ),
    { minLength: 1, maxLength: 2 },
  ),
});

const gatewayListener: fc.Arbitrary<GatewayListener> = fc.oneof(httpGateway, tcpGateway);

/** A complete configuration: every cluster has endpoints, the outbound listener's table exists. */
export const meshConfigArbitrary: fc.Arbitrary<MeshConfig> = fc
  .record({
    tracing,
    gateways: fc.uniqueArray(gatewayListener, { maxLength: 2, selector: (each) => each.port }),
    tcp: fc.uniqueArray(tcpListener, { maxLength: 2, selector: (each) => each.port }),
    inbound: fc.record({ ports: fc.array(inboundPort, { maxLength: 3 }), tracing }),
    routeTables: fc.uniqueArray(routeTable, { minLength: 1, maxLength: 2, selector: ({ name }) => name }),
    clusters: fc.uniqueArray(cluster, { maxLength: 4, selector: ({ name }) => name }),
  })
  .chain(({ tracing: outboundTracing, inbound, gateways, tcp, routeTables, clusters }) =>
    fc.tuple(...clusters.map(({ name }) => endpointsOf(name))).map((endpoints) => ({
      outbound: { routeTable: routeTables[0]?.name ?? '', tracing: outboundTracing },
      inbound,
      ...(tcp.length > 0 && { tcp: [...tcp].sort((a, b) => a.port - b.port) }),
      ...(gateways.length > 0 && { gateways: [...gateways].sort((a, b) => a.port - b.port) }),
      routeTables: [
        ...routeTables,
        ...gateways
          .filter(isHttpListener)
          .map(({ routeTable: name }) => ({ name, ignoresPort: true, virtualHosts: [] })),
        ...tcp.flatMap(({ httpRouteTable: name }) => (name === undefined ? [] : [{ name, virtualHosts: [] }])),
      ],
      clusters,
      endpoints,
    })),
  );
