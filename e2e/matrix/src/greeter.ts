// An application and its client whose protocol is lines of text: the server greets, the client says one line, the server answers.
import net, { type Server, type Socket } from 'node:net';
import type { CaseRequest } from './case.ts';
import type { Answered } from './outcome.ts';

const GREETING = '220 ready\r\n';
const ANSWER = '250 heard\r\n';
/** Far longer than any line of a client here. */
const LINE_BYTES_MAX = 1024;

/** All that a client is told. */
export const TOLD = GREETING + ANSWER;

export function isOfLines({ protocol }: CaseRequest): boolean {
  return protocol === 'server-first' || protocol === 'client-first';
}

export interface Greeter {
  readonly server: Server;
  closeAllConnections(): void;
}

/** `heard`: the id of the client that has said its line. */
export function createGreeter(heard: (id: string) => void): Greeter {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.setEncoding('latin1');
    socket.write(GREETING);
    let text = '';
    socket.on('data', (part: string) => {
      text += part;
      const [, id] = /^HELO (\S+)\r\n/.exec(text) ?? [];
      if (id !== undefined) {
        heard(id);
        socket.removeAllListeners('data').end(ANSWER);
      } else if (text.length > LINE_BYTES_MAX) socket.destroy();
    });
  });
  const closeAllConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return { server, closeAllConnections };
}

/** Says the line when it was greeted, or at once, and hears the server out. */
export function sendLine(socket: Socket, { protocol }: CaseRequest, id: string): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const say = () => socket.write(`HELO ${id}\r\n`);
    let body = '';
    socket.setEncoding('latin1');
    socket.on('error', reject);
    if (protocol === 'client-first') say();
    else socket.once('data', say);
    socket.on('data', (part: string) => {
      body += part;
    });
    socket.once('close', () => resolve({ status: body === '' ? 'closed' : 200, headers: [], body }));
  });
}
