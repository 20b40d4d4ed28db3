#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which the CLI would download: the same engine from npm as WebAssembly.
//
// The CLI starts this file (PRISMA_SCHEMA_ENGINE_BINARY in prisma.config.ts) and talks JSON-RPC over stdio, one message
// a line; two sub-commands come as `cli …`. The versions of `prisma` and `@prisma/schema-engine-wasm` belong together:
// npm view @prisma/engines@VERSION dependencies.@prisma/engines-version
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import { createDatabase, describeFailure, openEngine, withClient } from './schema-engine-wasm.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true },
    datasource: { type: 'string' },
    version: { type: 'boolean', short: 'V' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});
const datasource = typeof options.datasource === 'string' ? JSON.parse(options.datasource) : {};

if (options.version) printVersion();
else if (positionals[0] === 'cli') await runSubCommand(positionals[1]);
else serve();

function printVersion() {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const manifest = JSON.parse(fs.readFileSync(path.join(path.dirname(entry), 'package.json'), 'utf8'));
  console.log(`schema-engine-wasm ${manifest.version}`);
}

async function runSubCommand(name) {
  try {
    if (name === 'can-connect-to-database') await withClient(datasource.url, (client) => client.query('SELECT 1'));
    else if (name === 'create-database') await createDatabase(datasource.url);
    else throw new Error(`the sub-command "${name}" is not known`);
    process.exit(0);
  } catch (error) {
    const { error_code, message } = describeFailure(error, datasource.url);
    // The CLI parses standard error line by line and drops the first line.
    const line = { level: 'ERROR', target: 'schema_engine::logger', fields: { error_code, message } };
    process.stderr.write(`\n${JSON.stringify(line)}`);
    process.exit(1);
  }
}

/** Calls are answered in their order, one at a time, as the engine's state demands. */
function serve() {
  const models = options.datamodels?.map((file) => [file, fs.readFileSync(file, 'utf8')]);
  const engine = openEngine(datasource, models);
  const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  let printId = 1_000_000;
  const print = (content) => send({ id: printId++, method: 'print', params: { content } });

  const answer = async ({ id, method, params }) => {
    try {
      send({ id, result: await engine.call(method, params, print) });
    } catch (error) {
      const data = engine.describe(error);
      send({ id, error: { code: 4466, message: 'An error happened. Check the data field for details.', data } });
    }
  };
  let queue = Promise.resolve();
  const input = readline.createInterface({ input: process.stdin });
  input.on('line', (line) => {
    if (line.trim() === '') return;
    const message = JSON.parse(line);
    // Without a method it is the CLI's answer to a `print` of ours.
    if (message.method) queue = queue.then(() => answer(message));
  });
  input.on('close', () => queue.finally(() => process.exit(0)));
}
