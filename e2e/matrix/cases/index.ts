// Every section of the matrix.
import type { Section } from '../src/case.ts';
import { authorization } from './authorization.ts';
import { backendFilters } from './backend-filters.ts';
import { balancing } from './balancing.ts';
import { breakers } from './breakers.ts';
import { browsersAndCohorts } from './browsers-and-cohorts.ts';
import { conformance } from './conformance.ts';
import { connectionLimits } from './connection-limits.ts';
import { countries } from './countries.ts';
import { deadlines } from './deadlines.ts';
import { directResponses } from './direct-responses.ts';
import { ejection } from './ejection.ts';
import { ejectionRules } from './ejection-rules.ts';
import { fallbacks } from './fallbacks.ts';
import { faults } from './faults.ts';
import { gatewayConnections } from './gateway-connections.ts';
import { gateways } from './gateways.ts';
import { globalLimits } from './global-limits.ts';
import { grpcCalls } from './grpc-calls.ts';
import { grpcRoutes } from './grpc-routes.ts';
import { hashKeys } from './hash-keys.ts';
import { headerFilters } from './header-filters.ts';
import { healthChecks } from './health-checks.ts';
import { hedging } from './hedging.ts';
import { hosts } from './hosts.ts';
import { identities } from './identities.ts';
import { levels } from './levels.ts';
import { meshes } from './meshes.ts';
import { mirrors } from './mirrors.ts';
import { pathMatching } from './path-matching.ts';
import { precedence } from './precedence.ts';
import { probes } from './probes.ts';
import { protocols } from './protocols.ts';
import { rateLimits } from './rate-limits.ts';
import { redirects } from './redirects.ts';
import { requestBounds } from './request-bounds.ts';
import { resilience } from './resilience.ts';
import { retryConditions } from './retry-conditions.ts';
import { rewrites } from './rewrites.ts';
import { routeLimits } from './route-limits.ts';
import { sessions } from './sessions.ts';
import { severalGateways } from './several-gateways.ts';
import { tunnels } from './tunnels.ts';
import { undeclaredPorts } from './undeclared-ports.ts';
import { upstreams } from './upstreams.ts';
import { valueMatching } from './value-matching.ts';
import { webSockets } from './websockets.ts';
import { weights } from './weights.ts';

export const SECTIONS: readonly Section[] = [
  pathMatching,
  valueMatching,
  hosts,
  precedence,
  weights,
  headerFilters,
  redirects,
  rewrites,
  directResponses,
  mirrors,
  backendFilters,
  resilience,
  retryConditions,
  hedging,
  fallbacks,
  deadlines,
  balancing,
  hashKeys,
  levels,
  ejection,
  ejectionRules,
  healthChecks,
  probes,
  breakers,
  connectionLimits,
  sessions,
  rateLimits,
  requestBounds,
  routeLimits,
  globalLimits,
  faults,
  meshes,
  authorization,
  identities,
  conformance,
  protocols,
  grpcRoutes,
  webSockets,
  grpcCalls,
  tunnels,
  gateways,
  gatewayConnections,
  severalGateways,
  upstreams,
  undeclaredPorts,
  browsersAndCohorts,
  countries,
];
