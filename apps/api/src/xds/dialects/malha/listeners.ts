// Listeners of the dialect `malha`: `outbound` names its route table, `inbound` has one filter chain for each port.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import type { AuthorizationPolicyRules, InboundListener, InboundPort, OutboundListener } from '@malha/traffic';
import { LISTENER_TYPE } from '@malha/xds';
import { INBOUND_FILTER, INBOUND_LISTENER, LISTENER_METADATA, OUTBOUND_LISTENER } from '@malha/xds/extension-names';
import { TrafficDirection } from '@malha/xds/generated/envoy/config/core/v3/base_pb';
import type { FilterChainSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_components_pb';
import { ListenerSchema } from '@malha/xds/generated/envoy/config/listener/v3/listener_pb';
import { RouterSchema } from '@malha/xds/generated/envoy/extensions/filters/http/router/v3/router_pb';
import { HttpConnectionManagerSchema } from '@malha/xds/generated/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb';
import {
  type AuthorizationPolicySchema,
  InboundListenerSchema,
  InboundPortSchema,
} from '@malha/xds/generated/malha/extensions/v1/extensions_pb';
import type { ResourcePlan } from '../dialect.ts';
import { MODES, PROTOCOLS } from '../shared/protocols.ts';
import { ACTIONS, rbacPolicy } from '../shared/rbac.ts';
import { overload, requestBounds } from './overload.ts';
import { connectionLimit, rateLimit } from './rate-limits.ts';

export function outboundPlan(listener: OutboundListener): ResourcePlan {
  return {
    typeUrl: LISTENER_TYPE,
    name: OUTBOUND_LISTENER,
    source: listener,
    bytes: () => encodeOutbound(listener),
  };
}

/** An API listener: the proxy knows by itself where to listen. */
function encodeOutbound({ routeTable, tracing }: OutboundListener): Uint8Array {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: OUTBOUND_LISTENER,
    routeSpecifier: {
      case: 'rds',
      value: { routeConfigName: routeTable, configSource: { configSourceSpecifier: { case: 'ads', value: {} } } },
    },
    tracing: { randomSampling: { value: tracing.samplePercent } },
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        configType: { case: 'typedConfig', value: anyPack(RouterSchema, create(RouterSchema)) },
      },
    ],
  });
  return toBinary(
    ListenerSchema,
    create(ListenerSchema, {
      name: OUTBOUND_LISTENER,
      trafficDirection: TrafficDirection.OUTBOUND,
      apiListener: { apiListener: anyPack(HttpConnectionManagerSchema, manager) },
    }),
  );
}

export function inboundPlan(listener: InboundListener): ResourcePlan {
  return { typeUrl: LISTENER_TYPE, name: INBOUND_LISTENER, source: listener, bytes: () => encodeInbound(listener) };
}

function encodeInbound({ ports, tracing }: InboundListener): Uint8Array {
  const info = create(InboundListenerSchema, { traceSamplePercent: tracing.samplePercent });
  return toBinary(
    ListenerSchema,
    create(ListenerSchema, {
      name: INBOUND_LISTENER,
      trafficDirection: TrafficDirection.INBOUND,
      metadata: { typedFilterMetadata: { [LISTENER_METADATA]: anyPack(InboundListenerSchema, info) } },
      filterChains: ports.map(filterChain),
    }),
  );
}

function filterChain(port: InboundPort): MessageInitShape<typeof FilterChainSchema> {
  const config = create(InboundPortSchema, {
    appAddress: port.appAddress,
    protocol: PROTOCOLS[port.protocol],
    mode: MODES[port.mode],
    hosts: [...port.hosts],
    service: { ...port.service },
    authorization: port.authorization.policies.map(authorizationPolicy),
    rateLimits: (port.rateLimits ?? []).map(rateLimit),
    connectionLimits: (port.connectionLimits ?? []).map(connectionLimit),
    ...(port.overload !== undefined && { overload: overload(port.overload) }),
    ...(port.requests !== undefined && { requests: requestBounds(port.requests) }),
    ...(port.takesBytes && { takesBytes: true }),
  });
  return {
    name: String(port.port),
    filterChainMatch: { destinationPort: port.port, serverNames: [...port.serverNames] },
    filters: [{ name: INBOUND_FILTER, configType: { case: 'typedConfig', value: anyPack(InboundPortSchema, config) } }],
  };
}

function authorizationPolicy(policy: AuthorizationPolicyRules): MessageInitShape<typeof AuthorizationPolicySchema> {
  return {
    id: policy.id,
    shadow: policy.mode === 'Shadow',
    rules: {
      action: ACTIONS[policy.action],
      policies: Object.fromEntries(policy.rules.map((rule, index) => [String(index), rbacPolicy(rule)])),
    },
  };
}
