// Preloaded into an application of a test (`node --import`): gives it so many workers with a time of work each, makes it
// slow, failing or unreachable when told to, and counts what reaches it. The application itself knows nothing of it.
import http from 'node:http';

/** What waits beyond this is broken off; far more than any load of a test leaves waiting. */
const QUEUE_MAX = 50_000;

let trouble = { workers: 1_000, workMs: 0, isFailing: false, isDown: false };
let requests = 0;
let busy = 0;
const waiting = [];
/** Where the application listens; known from its first `listen`. */
let listening;

const control = http.createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    if (request.method === 'PUT') change(JSON.parse(body));
    response.end(JSON.stringify({ requests, busy, waiting: waiting.length }));
  });
});

const { emit, listen } = http.Server.prototype;

http.Server.prototype.listen = function (...at) {
  if (this !== control) listening = { server: this, at };
  return listen.apply(this, at);
};

// As a program without a bound on its queue: who is not served yet waits, also when its caller has gone.
http.Server.prototype.emit = function (event, ...args) {
  if (event !== 'request' || this === control) return emit.call(this, event, ...args);
  requests += 1;
  const [request, response] = args;
  if (trouble.isFailing) response.writeHead(503, { 'content-length': 0 }).end();
  else if (waiting.length >= QUEUE_MAX) request.destroy();
  else waiting.push(() => emit.call(this, event, ...args));
  work();
  return true;
};

control.listen(Number(process.env.TROUBLE_PORT), '127.0.0.1');
control.unref();

function work() {
  while (busy < trouble.workers && waiting.length > 0) {
    const serve = waiting.shift();
    busy += 1;
    setTimeout(() => {
      busy -= 1;
      serve();
      work();
    }, trouble.workMs);
  }
}

/** `isReset`: forgets what waits. */
function change({ isReset = false, ...next }) {
  const wasDown = trouble.isDown;
  trouble = { ...trouble, ...next };
  if (isReset) waiting.length = 0;
  if (listening === undefined || wasDown === trouble.isDown) return;
  const { server, at } = listening;
  if (!trouble.isDown) {
    server.listen(...at);
    control.unref();
  } else {
    // As if its process were gone: nobody listens, connections are broken, what waited is lost. Yet it has to live on.
    control.ref();
    server.close();
    server.closeAllConnections();
    waiting.length = 0;
  }
}
