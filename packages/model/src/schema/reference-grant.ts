// ReferenceGrant of the Gateway API: which kinds of which other namespaces may refer to objects of its own namespace.
import { z } from 'zod';
import { GATEWAY_API_VERSION, namespacedMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain } from './scalars.ts';

const group = z.string().max(253);
const kind = z.string().min(1).max(63);

export const referenceGrantSchema = z.strictObject({
  apiVersion: z.literal([GATEWAY_API_VERSION, 'gateway.networking.k8s.io/v1beta1']),
  kind: z.literal('ReferenceGrant'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    from: z
      .array(z.strictObject({ group, kind, namespace: dnsLabel }))
      .min(1)
      .max(16),
    to: z
      .array(z.strictObject({ group, kind, name: dnsSubdomain.optional() }))
      .min(1)
      .max(16),
  }),
});
export type ReferenceGrantResource = z.infer<typeof referenceGrantSchema>;
