// The type of the control plane's router; the console imports nothing else from it.
export type { AppRouter } from '../../test/fixture-server/router.ts';
