// What the sections of the matrix are about: the tally at the end of a run is by these areas, and by what they have in common.

export const THEMES = ['protocols and routing', 'security', 'protection of services'] as const;
export type Theme = (typeof THEMES)[number];

export interface Area {
  readonly name: string;
  readonly theme: Theme;
  /** Names of sections. */
  readonly sections: readonly string[];
}

/** Each section stands in one of them. */
export const AREAS: readonly Area[] = [
  {
    name: 'protocols',
    theme: 'protocols and routing',
    sections: [
      'HTTP/2 and gRPC',
      'WebSocket',
      'WebSocket over HTTP/2',
      'upstreams of bytes',
      'upstreams that declare nothing',
    ],
  },
  {
    name: 'matching',
    theme: 'protocols and routing',
    sections: [
      'path matching',
      'method, header and query matching',
      'hosts',
      'precedence',
      'GRPCRoute',
      'routes of the mesh',
      'conformance tests of routes',
      'browsers and cohorts',
      'countries',
    ],
  },
  {
    name: 'acting',
    theme: 'protocols and routing',
    sections: [
      'weights',
      'header filters',
      'redirects',
      'rewrites',
      'direct responses',
      'mirrors',
      'filters of a backend',
    ],
  },
  {
    name: 'gateways',
    theme: 'protocols and routing',
    sections: ['gateways', 'connections of gateways', 'several gateways'],
  },
  { name: 'security', theme: 'security', sections: ['authorization', 'mTLS modes and identities'] },
  {
    name: 'balancing',
    theme: 'protection of services',
    sections: ['balancing', 'keys of hashing balancers', 'balancers by level and version', 'session persistence'],
  },
  {
    name: 'health',
    theme: 'protection of services',
    sections: ['active health checks', 'probes of health', 'ejection of failing endpoints', 'ejection, rule by rule'],
  },
  {
    name: 'resilience',
    theme: 'protection of services',
    sections: [
      'timeouts, retries and backends that are missing',
      'retries, condition by condition',
      'gRPC: deadlines and retries',
      'hedging',
      'fallbacks',
      'deadlines that go on',
      'limits of connections and requests',
      'circuit breakers by success rate',
      'bounds of requests',
    ],
  },
  {
    name: 'rate limits',
    theme: 'protection of services',
    sections: ['rate limits', 'rate limits of routes', 'global rate limits'],
  },
  { name: 'faults', theme: 'protection of services', sections: ['faults'] },
];
