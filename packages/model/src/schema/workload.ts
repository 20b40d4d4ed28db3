// Workload: one running instance, as registered by its agent or written in a file.
import { z } from 'zod';
import { MALHA_API_VERSION, namespacedMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain, hostPort, ipAddress, portNumber } from './scalars.ts';

/**
 * How the workload takes part in the mesh: our own proxy or a stock Envoy beside it, a proxy per node, a gRPC or SDK
 * client in the process, or nothing at all (`none`: called in plaintext at its own port).
 */
export const deploymentModel = z.enum(['sidecar', 'envoy', 'node', 'proxyless', 'sdk', 'none']);
export type DeploymentModel = z.infer<typeof deploymentModel>;

const workloadPort = z.strictObject({
  name: dnsLabel.optional(),
  port: portNumber,
  appAddress: hostPort.optional(),
});
export type WorkloadPort = z.infer<typeof workloadPort>;

const upstream = z.strictObject({
  service: z.string().regex(/^([-a-z0-9]{1,63}\/)?[-a-z0-9]{1,63}$/, 'must be "service" or "namespace/service"'),
  port: portNumber,
  listen: portNumber,
});

export const workloadSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('Workload'),
  metadata: namespacedMetadata,
  spec: z.strictObject({
    address: ipAddress,
    inboundPort: portNumber.optional(),
    ports: z.array(workloadPort).max(64).optional(),
    serviceAccount: dnsSubdomain.optional(),
    model: deploymentModel.optional(),
    weight: z.int().min(1).max(1000).optional(),
    cluster: dnsSubdomain.optional(),
    network: dnsSubdomain.optional(),
    locality: z
      .strictObject({ region: z.string().max(253).optional(), zone: z.string().max(253).optional() })
      .optional(),
    upstreams: z.array(upstream).max(64).optional(),
  }),
  /** Written by the mesh: `healthy: false` takes the workload out of every endpoint list. */
  status: z.strictObject({ healthy: z.boolean() }).optional(),
});
export type WorkloadResource = z.infer<typeof workloadSchema>;
