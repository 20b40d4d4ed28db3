// tRPC: the authority's certificates, issued leaves, the deny list, and join tokens.
import { z } from 'zod';
import type { Audit } from '../auth/audit.ts';
import { adminProcedure, router, viewerProcedure } from '../trpc/init.ts';
import type { CertificateAuthority } from './authority.ts';
import type { Denials } from './denials.ts';
import type { Invitations } from './invitations.ts';
import { type JoinTokens, TOKEN_TTL_DEFAULT_SECONDS, TOKEN_TTL_MAX_SECONDS } from './join-tokens.ts';
import type { IssuedLeafRow } from './repository.ts';

const denialRef = z.strictObject({ kind: z.enum(['identity', 'serial']), value: z.string().min(1).max(2048) });

export interface CertificatesRouterDeps {
  readonly authority: CertificateAuthority;
  readonly denials: Denials;
  readonly currentLeaves: () => Promise<readonly IssuedLeafRow[]>;
  readonly audit: Audit;
}

export function createCertificatesRouter({ authority, denials, currentLeaves, audit }: CertificatesRouterDeps) {
  return router({
    authority: viewerProcedure.query(() => authority.describe()),
    list: viewerProcedure.query(async () => {
      const leaves = await currentLeaves();
      return leaves.map((leaf) => ({
        workload: leaf.workload,
        spiffeId: leaf.spiffe_id,
        serial: leaf.serial,
        notAfterMs: leaf.not_after.getTime(),
      }));
    }),
    denials: adminProcedure.query(() => denials.list()),
    deny: adminProcedure
      .input(denialRef.extend({ reason: z.string().min(1).max(500) }))
      .mutation(async ({ input: { kind, value, reason }, ctx }) => {
        const actor = ctx.principal.email;
        await denials.add(kind, value, reason, actor);
        await audit({ actor, action: 'certificates.deny', target: value, detail: { kind, reason } });
      }),
    allow: adminProcedure.input(denialRef).mutation(async ({ input: { kind, value }, ctx }) => {
      await denials.remove(kind, value);
      await audit({ actor: ctx.principal.email, action: 'certificates.allow', target: value, detail: { kind } });
    }),
  });
}

export interface JoinTokensRouterDeps {
  readonly tokens: Pick<JoinTokens, 'list' | 'revoke'>;
  readonly invitations: Invitations;
  readonly audit: Audit;
}

const tokenOrder = z.strictObject({
  namespace: z.string().max(63),
  service: z.string().max(63),
  serviceAccount: z.string().max(63).optional(),
  ttlSeconds: z.int().min(1).max(TOKEN_TTL_MAX_SECONDS).default(TOKEN_TTL_DEFAULT_SECONDS),
});

export function createJoinTokensRouter({ tokens, invitations, audit }: JoinTokensRouterDeps) {
  return router({
    create: adminProcedure.input(tokenOrder).mutation(async ({ input, ctx }) => {
      const { token, expiresAtMs, command } = await invitations.create(input, ctx.principal.email);
      return { token, expiresAtMs, command };
    }),
    list: adminProcedure.query(() => tokens.list()),
    revoke: adminProcedure.input(z.strictObject({ id: z.string().max(64) })).mutation(async ({ input, ctx }) => {
      await tokens.revoke(input.id);
      await audit({ actor: ctx.principal.email, action: 'joinTokens.revoke', target: input.id });
    }),
  });
}
