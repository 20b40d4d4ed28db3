// What readers say. v1 knows texts only; v2 asks ratings for the stars as well.
import { type Handler, notFound, type ServiceContext } from '../service.ts';

const TEXTS = ['Kept me up all night.', 'Better the second time.', 'I wanted one chapter more.'];

export function reviews({ mesh, version }: ServiceContext): Handler {
  return async ({ path, headers }) => {
    const isbn = /^\/reviews\/(\d+)$/.exec(path)?.[1];
    if (isbn === undefined) return notFound(path);
    if (version === 'v1') return { body: { version, texts: TEXTS } };
    const stars = await mesh.call('ratings', `/ratings/${isbn}`, { headers });
    return { body: { version, texts: TEXTS, stars: stars.status === 200 ? stars.body : 'not available' } };
  };
}
