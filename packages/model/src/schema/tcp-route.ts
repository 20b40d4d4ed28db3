// TCPRoute of the Gateway API v1.6: connections of a port by weight, with nothing to match.
import { z } from 'zod';
import { backendObjectReference } from './http-route-filter.ts';
import { GATEWAY_API_GROUP, namespacedMetadata } from './metadata.ts';
import { parentRef } from './parent-ref.ts';
import { dnsSubdomain } from './scalars.ts';

/** v1alpha2 is what clusters before v1.6 have; the fields are the same. */
export const LAYER4_ROUTE_VERSIONS = [`${GATEWAY_API_GROUP}/v1`, `${GATEWAY_API_GROUP}/v1alpha2`] as const;

const backendRef = backendObjectReference.extend({ weight: z.int().min(0).max(1_000_000).optional() });

/** Of several rules the first is the one: nothing tells connections apart. */
export const layer4Rules = z
  .array(z.strictObject({ name: dnsSubdomain.optional(), backendRefs: z.array(backendRef).min(1).max(16) }))
  .min(1)
  .max(1);
export type Layer4Rule = z.infer<typeof layer4Rules>[number];

export const tcpRouteSchema = z.strictObject({
  apiVersion: z.literal(LAYER4_ROUTE_VERSIONS),
  kind: z.literal('TCPRoute'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    parentRefs: z.array(parentRef).max(32).optional(),
    useDefaultGateways: z.enum(['All', 'None']).optional(),
    rules: layer4Rules,
  }),
});
export type TcpRouteResource = z.infer<typeof tcpRouteSchema>;
