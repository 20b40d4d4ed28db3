// An application that is down while a file is there: it breaks every connection off, and answers 200 otherwise.
import fs from 'node:fs';
import http from 'node:http';

const { DOWN_WHILE = '', PORT } = process.env;

http
  .createServer((request, response) => {
    if (fs.existsSync(DOWN_WHILE)) request.socket.destroy();
    else response.end('here');
  })
  .listen(Number(PORT), '127.0.0.1');
