// PeerAuthentication: whether callers must, may or cannot use mTLS on an inbound port.
import { z } from 'zod';
import { MALHA_API_VERSION, namespacedMetadata, targetRef } from './metadata.ts';

export const mtlsMode = z.enum(['STRICT', 'PERMISSIVE', 'DISABLE']);

export const peerAuthenticationSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('PeerAuthentication'),
  metadata: namespacedMetadata,
  spec: z
    .strictObject({
      targetRef: targetRef(['Mesh', 'Namespace', 'Service', 'Workload']),
      mode: mtlsMode.optional(),
      /** By the port of the workload (the Service's targetPort). */
      ports: z
        .record(
          z
            .string()
            .refine(
              (text) => /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65535,
              'must be a port from 1 to 65535',
            ),
          mtlsMode,
        )
        .optional(),
    })
    .refine((spec) => spec.mode !== undefined || spec.ports !== undefined, { message: 'must have mode or ports' }),
});
export type PeerAuthenticationResource = z.infer<typeof peerAuthenticationSchema>;
