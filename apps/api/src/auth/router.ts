// tRPC: the caller's own session, users, API tokens and the audit log.
import { z } from 'zod';
import { adminProcedure, publicProcedure, router, viewerProcedure } from '../trpc/init.ts';
import { UserNotFound } from './errors.ts';
import { PASSWORD_LENGTH_MAX } from './password.ts';
import { hasRoleSomewhere, ROLES } from './principal.ts';
import type { UserRepository } from './repository.ts';
import type { Users } from './users.ts';

const role = z.enum(ROLES);
const id = z.uuid();
const namespace = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'must be a namespace');
const password = z.string().max(PASSWORD_LENGTH_MAX);
const AUDIT_LIMIT_MAX = 200;
const TOKEN_DAYS_MAX = 3_650;

export interface AuthRouterDeps {
  readonly users: Users;
  readonly repository: UserRepository;
}

export function createSessionRouter({ users }: Pick<AuthRouterDeps, 'users'>) {
  return router({
    me: viewerProcedure.query(({ ctx }) => {
      const { id, email, name, role, namespaceRoles } = ctx.principal;
      return { id, email, name, role, namespaceRoles, canEdit: hasRoleSomewhere(ctx.principal, 'editor') };
    }),
    /** One event when the session ends; the server then closes the socket. */
    signedOut: publicProcedure.subscription(async function* ({ ctx, signal }) {
      await aborted(ctx.sessionEnded, signal);
      if (ctx.sessionEnded.aborted) yield { reason: String(ctx.sessionEnded.reason ?? 'ended') };
    }),
    changePassword: viewerProcedure
      .input(z.strictObject({ current: password, next: password }))
      .mutation(({ ctx, input }) => users.changePassword(ctx.principal.id, input.current, input.next)),
  });
}

export function createUsersRouter({ users }: Pick<AuthRouterDeps, 'users'>) {
  return router({
    list: adminProcedure.query(() => users.list()),
    create: adminProcedure
      .input(z.strictObject({ email: z.email().max(254), name: z.string().trim().min(1).max(100), role }))
      .mutation(({ ctx, input }) => users.create(ctx.principal.email, input)),
    setRole: adminProcedure
      .input(
        z.union([
          z.strictObject({ id, role }),
          z.strictObject({ id, namespace, role: role.nullable().transform((value) => value ?? undefined) }),
        ]),
      )
      .mutation(({ ctx, input }) => users.setRole(ctx.principal.email, input)),
    disable: adminProcedure
      .input(z.strictObject({ id, isDisabled: z.boolean().default(true) }))
      .mutation(({ ctx, input }) => users.disable(ctx.principal.email, input.id, input.isDisabled)),
    resetPassword: adminProcedure
      .input(z.strictObject({ id }))
      .mutation(({ ctx, input }) => users.resetPassword(ctx.principal.email, input.id)),
  });
}

/** Everybody manages the tokens of their own; a token has the rights of its user. */
export function createApiTokensRouter({ users, repository }: AuthRouterDeps) {
  return router({
    list: viewerProcedure.query(({ ctx }) => repository.listTokens(ctx.principal.id)),
    create: viewerProcedure
      .input(
        z.strictObject({
          name: z.string().trim().min(1).max(100),
          ttlDays: z.int().min(1).max(TOKEN_DAYS_MAX).optional(),
        }),
      )
      .mutation(({ ctx, input }) => users.createToken(ctx.principal, input.name, input.ttlDays)),
    revoke: viewerProcedure.input(z.strictObject({ id })).mutation(async ({ ctx, input }) => {
      if (!(await repository.deleteToken(ctx.principal.id, input.id))) throw new UserNotFound();
    }),
  });
}

export function createAuditRouter({ repository }: Pick<AuthRouterDeps, 'repository'>) {
  return router({
    list: adminProcedure
      .input(
        z.strictObject({
          cursor: z
            .string()
            .regex(/^\d{1,18}$/)
            .optional(),
          limit: z.int().min(1).max(AUDIT_LIMIT_MAX).default(50),
        }),
      )
      .query(async ({ input: { cursor, limit } }) => {
        const items = await repository.listAudit({
          limit,
          ...(cursor === undefined ? {} : { before: BigInt(cursor) }),
        });
        return { items, nextCursor: items.length === limit ? (items.at(-1)?.id ?? null) : null };
      }),
  });
}

function aborted(...signals: (AbortSignal | undefined)[]): Promise<void> {
  const given = signals.filter((signal) => signal !== undefined);
  return new Promise((resolve) => {
    const any = AbortSignal.any(given);
    if (any.aborted) resolve();
    else any.addEventListener('abort', () => resolve(), { once: true });
  });
}
