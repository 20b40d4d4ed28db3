// What the sections of the matrix are about: the tally at the end of a run is by these areas.

export interface Area {
  readonly name: string;
  /** Names of sections. */
  readonly sections: readonly string[];
}

/** A section that stands in none is counted as `others`. */
export const AREAS: readonly Area[] = [
  {
    name: 'protocols',
    sections: ['HTTP/2 and gRPC', 'WebSocket', 'WebSocket over HTTP/2', 'upstreams of bytes'],
  },
  {
    name: 'matching',
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
  { name: 'gateways', sections: ['gateways', 'connections of gateways', 'several gateways'] },
  { name: 'security', sections: ['authorization', 'mTLS modes and identities'] },
  {
    name: 'balancing',
    sections: ['balancing', 'keys of hashing balancers', 'balancers by level and version', 'session persistence'],
  },
  {
    name: 'health',
    sections: ['active health checks', 'probes of health', 'ejection of failing endpoints', 'ejection, rule by rule'],
  },
  {
    name: 'resilience',
    sections: [
      'timeouts, retries and backends that are missing',
      'retries, condition by condition',
      'gRPC: deadlines and retries',
      'hedging',
      'fallbacks',
      'deadlines that go on',
      'limits of connections and requests',
      'circuit breakers by success rate',
    ],
  },
  { name: 'rate limits', sections: ['rate limits', 'rate limits of routes', 'global rate limits'] },
  { name: 'faults', sections: ['faults'] },
];
