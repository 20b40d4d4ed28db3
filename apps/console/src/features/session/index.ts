export { leave, SessionWatch } from './session-watch.tsx';
export { type Session, useSession } from './use-me.ts';
