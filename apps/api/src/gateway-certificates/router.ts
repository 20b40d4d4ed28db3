// tRPC: the certificates that gateways show to clients outside.
import { z } from 'zod';
import { requireRole } from '../auth/principal.ts';
import { namespacedProcedure, router, viewerProcedure } from '../trpc/init.ts';
import type { GatewayCertificates } from './gateway-certificates.ts';
import { certificateName, certificateOrder } from './schemas.ts';

export interface GatewayCertificatesRouterDeps {
  readonly certificates: GatewayCertificates;
}

export function createGatewayCertificatesRouter({ certificates }: GatewayCertificatesRouterDeps) {
  return router({
    list: viewerProcedure.query(() => certificates.list()),
    put: namespacedProcedure('admin')
      .input(certificateOrder)
      .mutation(({ input, ctx }) => {
        requireRole(ctx.principal, 'admin', input.namespace);
        return certificates.put(input, ctx.principal.email);
      }),
    remove: namespacedProcedure('admin')
      .input(certificateName.extend({ force: z.boolean().default(false) }))
      .mutation(async ({ input: { force, ...name }, ctx }) => {
        requireRole(ctx.principal, 'admin', name.namespace);
        await certificates.remove(name, { force }, ctx.principal.email);
      }),
  });
}
