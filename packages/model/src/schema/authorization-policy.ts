// AuthorizationPolicy: who may call what; DENY first, and with any ALLOW policy the rest is denied.
import { z } from 'zod';
import { MALHA_API_VERSION, namespacedMetadata, targetRef } from './metadata.ts';
import { dnsLabel, headerName, ipBlock, portNumber } from './scalars.ts';

const VALUES_MAX = 256;

function noInnerStar(text: string): boolean {
  const star = text.indexOf('*');
  return star === -1 || ((star === 0 || star === text.length - 1) && text.indexOf('*', star + 1) === -1);
}

const principal = z
  .string()
  .min(1)
  .max(2048)
  .refine((text) => text === '*' || text.startsWith('spiffe://'), 'must be a SPIFFE ID ("spiffe://…") or "*"')
  .refine((text) => !text.slice(0, -1).includes('*'), 'may have "*" only at its end');

const path = z
  .string()
  .min(1)
  .max(2048)
  .refine((text) => text.startsWith('/') || text.startsWith('*'), 'must begin with "/" or "*"')
  .refine(noInnerStar, 'may have one "*", at its begin or end');

const host = z.string().min(1).max(255).refine(noInnerStar, 'may have one "*", at its begin or end');
const method = z.string().regex(/^[A-Z][A-Z_-]{0,31}$/, 'must be a method in capital letters');

const rule = z.strictObject({
  from: z
    .strictObject({
      principals: z.array(principal).max(VALUES_MAX).optional(),
      namespaces: z.array(dnsLabel).max(VALUES_MAX).optional(),
      ipBlocks: z.array(ipBlock).max(VALUES_MAX).optional(),
    })
    .optional(),
  to: z
    .strictObject({
      methods: z.array(method).max(VALUES_MAX).optional(),
      paths: z.array(path).max(VALUES_MAX).optional(),
      hosts: z.array(host).max(VALUES_MAX).optional(),
      ports: z.array(portNumber).max(VALUES_MAX).optional(),
    })
    .optional(),
  when: z
    .array(z.strictObject({ header: headerName, values: z.array(z.string().min(1).max(4096)).min(1).max(VALUES_MAX) }))
    .max(16)
    .optional(),
});
export type AuthorizationRuleSpec = z.infer<typeof rule>;

export const authorizationPolicySchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('AuthorizationPolicy'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    targetRef: targetRef(['Mesh', 'Namespace', 'Service', 'Workload']),
    action: z.enum(['ALLOW', 'DENY', 'AUDIT']),
    mode: z.enum(['Enforce', 'Shadow']).optional(),
    rules: z.array(rule).max(512).optional(),
  }),
});
export type AuthorizationPolicyResource = z.infer<typeof authorizationPolicySchema>;
