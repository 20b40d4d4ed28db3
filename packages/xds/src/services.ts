// Definitions of the gRPC services between proxies, agents and control plane, for grpc-js servers and clients.
import type * as grpc from '@grpc/grpc-js';
import {
  DeltaDiscoveryRequestSchema,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  DiscoveryResponseSchema,
} from './generated/envoy/service/discovery/v3/discovery_pb.ts';
import { RateLimitRequestSchema, RateLimitResponseSchema } from './generated/envoy/service/ratelimit/v3/rls_pb.ts';
import { AgentMessageSchema, ControlMessageSchema } from './generated/malha/agent/v1/agent_pb.ts';
import {
  JoinRequestSchema,
  JoinResponseSchema,
  RenewRequestSchema,
  RenewResponseSchema,
} from './generated/malha/identity/v1/identity_pb.ts';
import { defineMethod, type RequestOf, type ResponseOf } from './rpc.ts';

const ads = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

export const discoveryService = {
  StreamAggregatedResources: defineMethod(
    `${ads}/StreamAggregatedResources`,
    'bidi',
    DiscoveryRequestSchema,
    DiscoveryResponseSchema,
  ),
  DeltaAggregatedResources: defineMethod(
    `${ads}/DeltaAggregatedResources`,
    'bidi',
    DeltaDiscoveryRequestSchema,
    DeltaDiscoveryResponseSchema,
  ),
};

export const identityService = {
  Join: defineMethod('/malha.identity.v1.Identity/Join', 'unary', JoinRequestSchema, JoinResponseSchema),
  Renew: defineMethod('/malha.identity.v1.Identity/Renew', 'unary', RenewRequestSchema, RenewResponseSchema),
};

export const agentService = {
  Session: defineMethod('/malha.agent.v1.Agent/Session', 'bidi', AgentMessageSchema, ControlMessageSchema),
};

/** Envoy's contract with the service that counts rate limits. */
export const rateLimitService = {
  ShouldRateLimit: defineMethod(
    '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit',
    'unary',
    RateLimitRequestSchema,
    RateLimitResponseSchema,
  ),
};

/** Handlers of a service whose methods are all unary. */
export type UnaryHandlers<S> = { [M in keyof S]: grpc.handleUnaryCall<RequestOf<S[M]>, ResponseOf<S[M]>> };
/** Handlers of a service whose methods are all bidirectional streams. */
export type BidiHandlers<S> = { [M in keyof S]: grpc.handleBidiStreamingCall<RequestOf<S[M]>, ResponseOf<S[M]>> };
