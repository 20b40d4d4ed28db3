// tRPC: the status of the mesh, once and live.
import { isDeepStrictEqual } from 'node:util';
import { router, viewerProcedure } from '../trpc/init.ts';
import { subscribeLatest } from '../trpc/subscribe.ts';
import type { MeshStatus, MeshStatusReader } from './status.ts';

export function createMeshRouter({ status }: { readonly status: MeshStatusReader }) {
  return router({
    status: viewerProcedure.query(() => status.read()),
    /** Begins with the status as it is; then one event for each difference. */
    onStatus: viewerProcedure.subscription(async function* ({ signal }) {
      const changes = subscribeLatest((emit) => status.onChange(emit), signal);
      let last: MeshStatus = status.read();
      yield last;
      for await (const _ of changes) {
        const next = status.read();
        if (isDeepStrictEqual(next, last)) continue;
        last = next;
        yield next;
      }
    }),
  });
}
