// Gateway of the Gateway API v1.6: listeners for clients outside of the mesh, with the rules that its CRD checks.
import { z } from 'zod';
import { GATEWAY_API_VERSION, namespacedMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain, hostname, labels, portNumber } from './scalars.ts';
import { reportRepeated } from './service.ts';

const group = z.string().max(253);
const kind = z.string().min(1).max(63);

const labelSelectorRequirement = z.strictObject({
  key: z.string().min(1).max(317),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
  values: z.array(z.string().max(63)).max(64).optional(),
});

/** Kubernetes' own: all of its parts must hold; an empty one selects everything. */
const labelSelector = z
  .strictObject({
    matchLabels: labels.optional(),
    matchExpressions: z.array(labelSelectorRequirement).max(16).optional(),
  })
  .superRefine(checkSelector);
export type LabelSelector = z.infer<typeof labelSelector>;

const routeNamespaces = z
  .strictObject({ from: z.enum(['All', 'Same', 'Selector', 'None']).optional(), selector: labelSelector.optional() })
  .refine((value) => value.from !== 'Selector' || value.selector !== undefined, {
    path: ['selector'],
    message: 'is required when from is Selector',
  });

const allowedRoutes = z.strictObject({
  namespaces: routeNamespaces.optional(),
  kinds: z
    .array(z.strictObject({ group: group.optional(), kind }))
    .max(8)
    .optional(),
});

const secretObjectReference = z.strictObject({
  group: group.optional(),
  kind: kind.optional(),
  name: dnsSubdomain,
  namespace: dnsLabel.optional(),
});
export type SecretObjectReference = z.infer<typeof secretObjectReference>;

const listenerTls = z
  .strictObject({
    mode: z.enum(['Terminate', 'Passthrough']).optional(),
    certificateRefs: z.array(secretObjectReference).max(64).optional(),
    options: z.record(z.string(), z.string().max(4096)).optional(),
  })
  .refine((value) => value.mode === 'Passthrough' || (value.certificateRefs?.length ?? 0) > 0, {
    path: ['certificateRefs'],
    message: 'must name a certificate when mode is Terminate',
  });

const listener = z
  .strictObject({
    name: dnsSubdomain,
    hostname: hostname.optional(),
    port: portNumber,
    protocol: z.enum(['HTTP', 'HTTPS', 'TLS', 'TCP', 'UDP']),
    tls: listenerTls.optional(),
    allowedRoutes: allowedRoutes.optional(),
  })
  .superRefine(checkListener);
export type GatewayListenerSpec = z.infer<typeof listener>;

const address = z.strictObject({ type: z.string().min(1).max(253).optional(), value: z.string().max(253).optional() });

export const gatewaySchema = z.strictObject({
  apiVersion: z.literal(GATEWAY_API_VERSION),
  kind: z.literal('Gateway'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    gatewayClassName: dnsSubdomain,
    listeners: z.array(listener).min(1).max(64).superRefine(checkListeners),
    addresses: z.array(address).max(16).optional(),
    infrastructure: z
      .strictObject({
        labels: labels.optional(),
        annotations: z.record(z.string(), z.string()).optional(),
        parametersRef: z.strictObject({ group, kind, name: dnsSubdomain }).optional(),
      })
      .optional(),
  }),
});
export type GatewayResource = z.infer<typeof gatewaySchema>;

function checkSelector(value: LabelSelectorShape, context: z.core.$RefinementCtx): void {
  value.matchExpressions?.forEach(({ operator, values = [] }, index) => {
    const needsValues = operator === 'In' || operator === 'NotIn';
    if (needsValues === values.length > 0) return;
    const message = needsValues ? `must not be empty for ${operator}` : `must be absent for ${operator}`;
    context.addIssue({ code: 'custom', path: ['matchExpressions', index, 'values'], message });
  });
}

interface LabelSelectorShape {
  readonly matchExpressions?: readonly z.infer<typeof labelSelectorRequirement>[] | undefined;
}

interface ListenerShape {
  readonly protocol: string;
  readonly hostname?: string | undefined;
  readonly tls?: { readonly mode?: string | undefined } | undefined;
}

function checkListener({ protocol, hostname: host, tls }: ListenerShape, context: z.core.$RefinementCtx): void {
  const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
  const isTls = protocol === 'HTTPS' || protocol === 'TLS';
  if (!isTls && tls !== undefined) refuse(['tls'], `must not be specified for protocol ${protocol}`);
  if (isTls && tls === undefined) refuse(['tls'], `is required for protocol ${protocol}`);
  if (protocol === 'HTTPS' && tls?.mode === 'Passthrough') {
    refuse(['tls', 'mode'], 'must be Terminate for protocol HTTPS');
  }
  if ((protocol === 'TCP' || protocol === 'UDP') && host !== undefined) {
    refuse(['hostname'], `must not be specified for protocol ${protocol}`);
  }
}

function checkListeners(listeners: readonly GatewayListenerSpec[], context: z.core.$RefinementCtx): void {
  reportRepeated(listeners, ({ name }) => name, 'name', context);
  reportRepeated(
    listeners,
    ({ port, protocol, hostname: host = '' }) => `${protocol} ${port} ${host}`.trimEnd(),
    'port',
    context,
  );
}
