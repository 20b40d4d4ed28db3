// The functions of the product that the engine side runs. Seeded faults replace one of them, nothing else may.
import { compile } from '@malha/policies';
import {
  applyHeaderMutation,
  beyondBounds,
  compileAuthorization,
  compileRouteTable,
  createBalancer,
  FaultInjector,
  isIdempotentMethod,
  RateLimiter,
  redirectLocation,
  retryDecision,
  rewritePath,
} from '@malha/traffic';
import { compileTcpRoutes } from '@malha/traffic/tcp-router';

export const ENGINE = {
  compile,
  compileRouteTable,
  compileTcpRoutes,
  FaultInjector,
  createBalancer,
  compileAuthorization,
  beyondBounds,
  applyHeaderMutation,
  rewritePath,
  redirectLocation,
  retryDecision,
  isIdempotentMethod,
  RateLimiter,
};

export type EngineParts = typeof ENGINE;
