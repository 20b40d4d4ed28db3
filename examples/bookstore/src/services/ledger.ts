// Books a charge after asking for the buyer's limit. A few charges in a thousand fail, as they do.
import { type Handler, notFound, type ServiceContext, Unavailable } from '../service.ts';

const FAILING_SHARE = 0.005;

export function ledger({ mesh, random }: ServiceContext): Handler {
  let charges = 0;
  return async ({ method, path, headers }) => {
    if (method !== 'POST' || path !== '/charges') return notFound(path);
    const account = await mesh.call('accounts', `/accounts/${headers['x-user'] ?? 'guest'}`, { headers });
    if (account.status !== 200) throw new Unavailable('accounts', account.status);
    if (random() < FAILING_SHARE) return { status: 500, body: { error: 'the books do not balance' } };
    charges += 1;
    return { status: 201, body: { charge: charges } };
  };
}
