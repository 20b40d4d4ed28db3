// Metadata and references that all kinds share.
import { z } from 'zod';
import { dnsLabel, dnsSubdomain, labels } from './scalars.ts';

export const GATEWAY_API_VERSION = 'gateway.networking.k8s.io/v1';
export const MALHA_API_VERSION = 'malha.dev/v1';
export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';
export const MALHA_GROUP = 'malha.dev';

const annotations = z.record(z.string(), z.string());

/** Metadata of a kind that lives in a namespace; without `namespace` it is `default`. */
export const namespacedMetadata = z.strictObject({
  name: dnsSubdomain,
  namespace: dnsLabel.optional(),
  labels: labels.optional(),
  annotations: annotations.optional(),
});

/** As `namespacedMetadata`, for kinds whose name is part of a host name. */
export const labelMetadata = namespacedMetadata.extend({ name: dnsLabel });

/** Metadata of a kind of the whole mesh. */
export const meshMetadata = z.strictObject({
  name: dnsLabel,
  labels: labels.optional(),
  annotations: annotations.optional(),
});

/** Group of each kind that a policy can be attached to. */
export const TARGET_GROUPS: Readonly<Record<string, string>> = {
  Mesh: MALHA_GROUP,
  Namespace: '',
  Service: '',
  ServiceVersion: MALHA_GROUP,
  Workload: MALHA_GROUP,
  HTTPRoute: GATEWAY_API_GROUP,
  GRPCRoute: GATEWAY_API_GROUP,
};

/** What a policy is attached to: an object of the policy's own namespace, its namespace, or the mesh. */
export function targetRef<const K extends readonly [string, ...string[]]>(kinds: K) {
  return z
    .strictObject({ group: z.string().optional(), kind: z.enum(kinds), name: dnsSubdomain.optional() })
    .superRefine((ref, context) => checkTarget(ref, context));
}

/** As `targetRef`, with `sectionName` for one named rule of a route. */
export function sectionTargetRef<const K extends readonly [string, ...string[]]>(kinds: K) {
  return z
    .strictObject({
      group: z.string().optional(),
      kind: z.enum(kinds),
      name: dnsSubdomain.optional(),
      sectionName: dnsSubdomain.optional(),
    })
    .superRefine((ref, context) => {
      checkTarget(ref, context);
      if (ref.sectionName !== undefined && ref.kind !== 'HTTPRoute' && ref.kind !== 'GRPCRoute') {
        context.addIssue({
          code: 'custom',
          path: ['sectionName'],
          message: 'is only for kinds HTTPRoute and GRPCRoute',
        });
      }
    });
}

interface Target {
  readonly group?: string | undefined;
  readonly kind: string;
  readonly name?: string | undefined;
}

function checkTarget(ref: Target, context: z.core.$RefinementCtx): void {
  const group = TARGET_GROUPS[ref.kind] ?? '';
  // Service and Namespace are kinds of Kubernetes' core group, and ours by their apiVersion: both are meant.
  const isAlias = group === '' && (ref.group === 'core' || ref.group === MALHA_GROUP);
  if (ref.group !== undefined && ref.group !== group && !isAlias) {
    context.addIssue({ code: 'custom', path: ['group'], message: `of kind ${ref.kind} is "${group}"` });
  }
  if (ref.kind !== 'Mesh' && ref.name === undefined) {
    context.addIssue({ code: 'custom', path: ['name'], message: `is required for kind ${ref.kind}` });
  }
}
