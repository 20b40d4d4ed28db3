// Stars; now and then slow, now and then in trouble.
import { type Handler, notFound, pause, type ServiceContext } from '../service.ts';

const SLOW_SHARE = 0.03;
const FAILING_SHARE = 0.004;
const SLOW_MS = 180;

export function ratings({ random }: ServiceContext): Handler {
  return async ({ path }) => {
    if (!/^\/ratings\/\d+$/.test(path)) return notFound(path);
    const luck = random();
    if (luck < FAILING_SHARE) return { status: 503, body: { error: 'ratings are being counted' } };
    if (luck < FAILING_SHARE + SLOW_SHARE) await pause(SLOW_MS * (0.5 + random()));
    return { body: { average: 4.4, votes: 1284 } };
  };
}
