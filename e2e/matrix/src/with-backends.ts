// A side of real sockets with the applications it needs: both end together.
import { type Backends, startBackends } from './backends.ts';
import type { Player } from './side.ts';

export async function withBackends(start: (backends: Backends) => Promise<Player>): Promise<Player> {
  const backends = await startBackends();
  const player = await start(backends);
  return {
    side: player.side,
    prepare: (matrixCase) => player.prepare(matrixCase),
    send: (caller, request, answers, copies) => player.send(caller, request, answers, copies),
    release: () => player.release?.(),
    close: async () => {
      await player.close();
      await backends.close();
    },
  };
}
