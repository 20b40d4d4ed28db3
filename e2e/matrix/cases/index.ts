// Every section of the matrix.
import type { Section } from '../src/case.ts';
import { authorization } from './authorization.ts';
import { backendFilters } from './backend-filters.ts';
import { balancing } from './balancing.ts';
import { breakers } from './breakers.ts';
import { browsersAndCohorts } from './browsers-and-cohorts.ts';
import { conformance } from './conformance.ts';
import { countries } from './countries.ts';
import { directResponses } from './direct-responses.ts';
import { ejection } from './ejection.ts';
import { faults } from './faults.ts';
import { gatewayConnections } from './gateway-connections.ts';
import { gateways } from './gateways.ts';
import { grpcCalls } from './grpc-calls.ts';
import { grpcRoutes } from './grpc-routes.ts';
import { headerFilters } from './header-filters.ts';
import { healthChecks } from './health-checks.ts';
import { hosts } from './hosts.ts';
import { identities } from './identities.ts';
import { meshes } from './meshes.ts';
import { mirrors } from './mirrors.ts';
import { pathMatching } from './path-matching.ts';
import { precedence } from './precedence.ts';
import { protocols } from './protocols.ts';
import { rateLimits } from './rate-limits.ts';
import { redirects } from './redirects.ts';
import { resilience } from './resilience.ts';
import { rewrites } from './rewrites.ts';
import { sessions } from './sessions.ts';
import { severalGateways } from './several-gateways.ts';
import { tunnels } from './tunnels.ts';
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
  balancing,
  ejection,
  healthChecks,
  breakers,
  sessions,
  rateLimits,
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
  browsersAndCohorts,
  countries,
];
