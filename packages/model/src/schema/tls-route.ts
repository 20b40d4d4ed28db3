// TLSRoute of the Gateway API v1.6: TLS that is passed on, by the server name that its client asks for.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import { parentRef } from './parent-ref.ts';
import { hostname } from './scalars.ts';
import { LAYER4_ROUTE_VERSIONS, layer4Rules } from './tcp-route.ts';

export const tlsRouteSchema = z.strictObject({
  apiVersion: z.literal([...LAYER4_ROUTE_VERSIONS, 'gateway.networking.k8s.io/v1alpha3']),
  kind: z.literal('TLSRoute'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    parentRefs: z.array(parentRef).max(32).optional(),
    useDefaultGateways: z.enum(['All', 'None']).optional(),
    /** Names of the ClientHello, exact or `*.example.com`; none = any name. */
    hostnames: z.array(hostname).max(16).optional(),
    rules: layer4Rules,
  }),
});
export type TlsRouteResource = z.infer<typeof tlsRouteSchema>;
