// Service: a name that is called, its ports, and the versions that its workloads come in.
import { z } from 'zod';
import { labelMetadata, MALHA_API_VERSION } from './metadata.ts';
import { dnsLabel, ipAddress, labels, portNumber, portRef, versionName } from './scalars.ts';

export const appProtocol = z.enum(['http', 'http2', 'grpc', 'tcp', 'tls']);
export type AppProtocol = z.infer<typeof appProtocol>;

const servicePort = z.strictObject({
  name: dnsLabel.optional(),
  port: portNumber,
  targetPort: portRef.optional(),
  appProtocol: appProtocol.optional(),
});
export type ServicePort = z.infer<typeof servicePort>;

const serviceVersion = z.strictObject({ name: versionName, labels });
export type ServiceVersion = z.infer<typeof serviceVersion>;

export const serviceSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('Service'),
  metadata: labelMetadata,
  spec: z.strictObject({
    selector: labels.optional(),
    ports: z.array(servicePort).min(1).max(64).superRefine(checkPorts),
    versions: z.array(serviceVersion).max(64).superRefine(checkVersions).optional(),
    virtualIP: ipAddress.optional(),
  }),
});
export type ServiceResource = z.infer<typeof serviceSchema>;

function checkPorts(ports: readonly ServicePort[], context: z.core.$RefinementCtx): void {
  reportRepeated(ports, (port) => port.port, 'port', context);
  reportRepeated(ports, (port) => port.name, 'name', context);
}

function checkVersions(versions: readonly ServiceVersion[], context: z.core.$RefinementCtx): void {
  reportRepeated(versions, (version) => version.name, 'name', context);
}

/** One issue for each item whose key an earlier item has already. */
export function reportRepeated<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number | undefined,
  field: string,
  context: z.core.$RefinementCtx,
): void {
  const seen = new Set<string | number>();
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (key === undefined) return;
    if (seen.has(key)) {
      context.addIssue({ code: 'custom', path: [index, field], message: `repeats "${key}", which must be unique` });
    }
    seen.add(key);
  });
}
