// Two services share this name: the shop's customers, and the accounts that payments keeps for them.
import { type Handler, notFound } from '../service.ts';

export function accounts(): Handler {
  return async ({ path }) => {
    const customer = /^\/customers\/([a-z0-9-]+)$/.exec(path)?.[1];
    if (customer !== undefined) return { body: { customer, since: '2019' } };
    const account = /^\/accounts\/([a-z0-9-]+)$/.exec(path)?.[1];
    if (account !== undefined) return { body: { account, limitCents: 50_000 } };
    return notFound(path);
  };
}
