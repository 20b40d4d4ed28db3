// Namespace: a team's part of the mesh and who outside of it may call in.
import { z } from 'zod';
import { MALHA_API_VERSION, meshMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain } from './scalars.ts';

/**
 * Who may call in, beside the namespace itself and `allowFrom`. `open`: anyone; `group`: namespaces of the same owner;
 * `strict`: nobody.
 */
export const isolation = z.enum(['open', 'group', 'strict']);
export type Isolation = z.infer<typeof isolation>;

export const namespaceSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('Namespace'),
  metadata: meshMetadata,
  spec: z.strictObject({
    owner: z.string().min(1).max(253).optional(),
    isolation: isolation.optional(),
    allowFrom: z
      .array(z.strictObject({ namespace: dnsLabel, serviceAccount: dnsSubdomain.optional() }))
      .max(1024)
      .optional(),
  }),
});
export type NamespaceResource = z.infer<typeof namespaceSchema>;
