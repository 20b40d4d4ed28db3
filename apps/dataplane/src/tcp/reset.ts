// Ends a connection so that its peer sees it cut short.
import type { Socket } from 'node:net';

/** By a reset; beneath TLS, where Node cannot send one, by an end without close_notify. */
export function abort(socket: Socket): void {
  if (socket.destroyed) return;
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}
