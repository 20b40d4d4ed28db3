// tRPC for all modules: a procedure cannot be made without saying which role may call it.
import { initTRPC } from '@trpc/server';
import superjson from 'superjson';
import { hasRole, hasRoleSomewhere, NotSignedIn, type Role, RoleMissing } from '../auth/principal.ts';
import type { Context } from './context.ts';
import { formatError, toTrpcError } from './errors.ts';

export interface Meta {
  /** The least role that may call; `public` needs no session. */
  readonly role: Role | 'public';
  /** The role may come from a single namespace: the procedure checks the namespaces that it touches itself. */
  readonly isNamespaced?: boolean;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    transformer: superjson,
    isDev: false,
    errorFormatter: ({ shape, error }) => formatError(shape, error),
  });

export const router = t.router;
export const mergeRouters = t.mergeRouters;
export const createCallerFactory = t.createCallerFactory;

const converting = t.procedure.use(async ({ next }) => {
  const result = await next();
  if (result.ok) return result;
  return { ...result, error: toTrpcError(result.error) };
});

export const publicProcedure = converting.meta({ role: 'public' });
export const viewerProcedure = meshProcedure('viewer');
export const editorProcedure = meshProcedure('editor');
export const operatorProcedure = meshProcedure('operator');
export const adminProcedure = meshProcedure('admin');

/** For those who hold the role in the whole mesh. `ctx.principal` is the caller. */
function meshProcedure(role: Role) {
  return converting.meta({ role }).use(async ({ ctx, next }) => {
    const principal = await ctx.authenticate();
    if (!principal) throw new NotSignedIn();
    if (!hasRole(principal, role)) throw new RoleMissing(role);
    return next({ ctx: { principal } });
  });
}

/**
 * For those who hold the role in the mesh or in any namespace. The procedure must call `requireRole` for each namespace
 * that it touches.
 */
export function namespacedProcedure(role: Role) {
  return converting.meta({ role, isNamespaced: true }).use(async ({ ctx, next }) => {
    const principal = await ctx.authenticate();
    if (!principal) throw new NotSignedIn();
    if (!hasRoleSomewhere(principal, role)) throw new RoleMissing(role);
    return next({ ctx: { principal } });
  });
}
