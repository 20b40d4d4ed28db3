// The WebAssembly schema engine with a Postgres adapter, and what the pair needs to do all that the native engine does.
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { parseIntoClientConfig } from 'pg-connection-string';

/** Catalog columns of Postgres' internal type "char" have this type; adapter-pg has no mapping for it. */
const OID_CHAR = 18;
const OID_TEXT = 25;
const PLACEHOLDER_URL = 'postgresql://127.0.0.1:1/none';

export async function withClient(url, use) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

export async function createDatabase(url) {
  const maintenance = new URL(url);
  const name = decodeURIComponent(maintenance.pathname.slice(1));
  maintenance.pathname = '/postgres';
  await withClient(maintenance.href, (client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`));
  return name;
}

/** Prisma's code and words for a failure of the driver. */
export function describeFailure(error, url) {
  const { host, pathname } = URL.canParse(url ?? '') ? new URL(url) : { host: '', pathname: '/' };
  const database = decodeURIComponent(pathname.slice(1));
  const unreachable = ['P1001', `Can't reach database server at \`${host}\``];
  const rejected = ['P1000', 'Authentication failed: the database credentials are not valid.'];
  const known = {
    '3D000': ['P1003', `Database \`${database}\` does not exist`],
    '42P04': ['P1009', `Database \`${database}\` already exists on the database server`],
    '28P01': rejected,
    28000: rejected,
    ECONNREFUSED: unreachable,
    ENOTFOUND: unreachable,
    ETIMEDOUT: unreachable,
    EHOSTUNREACH: unreachable,
  };
  const [error_code, message] = known[error?.code] ?? ['P1011', error?.message ?? String(error)];
  return { error_code, message };
}

export function openEngine(datasource, models) {
  let opened;
  let adapter;
  const engine = () => {
    opened ??= (async () => {
      const SchemaEngine = await loadWasm();
      adapter = bindMigrationAwareSqlAdapterFactory(createFactory(datasource));
      return SchemaEngine.new({ datamodels: models }, () => undefined, adapter);
    })();
    return opened;
  };

  return {
    async call(method, params, print) {
      if (method === 'createDatabase') {
        return { databaseName: await createDatabase(params?.datasource?.url ?? datasource.url) };
      }
      return callEngine(await engine(), method, params, print);
    },
    /** The `data` of a JSON-RPC error as the CLI expects it. */
    describe(error) {
      if (/^P\d{4}$/.test(error?.code ?? '')) {
        return { is_panic: false, error_code: error.code, message: error.message, meta: error.meta ?? {} };
      }
      const text = error?.message ?? String(error);
      const [, captured] = /External error id#(\d+)/.exec(text) ?? [];
      const cause = captured === undefined ? undefined : adapter?.errorRegistry.consumeError(Number(captured))?.error;
      const failure = cause ?? error;
      const known = describeFailure(failure, datasource.url);
      const code = known.error_code === 'P1011' ? {} : { error_code: known.error_code };
      return { is_panic: false, ...code, message: cause?.message ?? known.message, meta: {} };
    },
  };
}

async function callEngine(engine, method, params, print) {
  switch (method) {
    case 'getDatabaseVersion':
      return engine.version(params);
    case 'diff': {
      const { exitCode, stdout } = await engine.diff(params);
      if (stdout !== null && stdout !== undefined) print(stdout);
      return { exitCode, stdout: null };
    }
    case 'createMigration':
    case 'evaluateDataLoss':
      // This engine replays migrations only in devDiagnostic and keeps the result for these two calls. For migrations
      // that were pending then it has none: ask again, now that they are applied.
      try {
        return await engine[method](params);
      } catch (error) {
        if (!String(error?.message).includes('shadow DB must be provided')) throw error;
        await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
        return engine[method](params);
      }
    default:
      if (typeof engine[method] !== 'function') throw new Error(`the schema engine has no method "${method}"`);
      return (await engine[method](params)) ?? {};
  }
}

async function loadWasm() {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = fs.readFileSync(path.join(path.dirname(entry), 'schema_engine_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return glue.SchemaEngine;
}

function createFactory(datasource) {
  const url = datasource.url || PLACEHOLDER_URL;
  const schema = new URL(url).searchParams.get('schema') ?? undefined;
  const factory = factoryFor(url, schema);
  const connect = factory.connect.bind(factory);
  factory.connect = async () => mend(await connect());
  factory.connectToShadowDb = async () => mend(await connectToShadow(datasource, url, schema));
  return factory;
}

/** Discrete fields, not `connectionString`, which would override the `database` that the adapter sets. */
function factoryFor(href, schema) {
  const url = new URL(href);
  url.searchParams.delete('schema');
  const search = schema === undefined ? {} : { options: `-c search_path="${schema}"` };
  const silent = { onPoolError: () => undefined, onConnectionError: () => undefined };
  return new PrismaPg({ ...parseIntoClientConfig(url.href), ...search }, { schema, ...silent });
}

/** A throw-away database. The adapter's own version drops it while its pool still holds a connection. */
async function connectToShadow(datasource, url, schema) {
  if (datasource.shadowDatabaseUrl) return factoryFor(datasource.shadowDatabaseUrl, schema).connect();
  const name = `prisma_migrate_shadow_db_${randomUUID()}`;
  await withClient(url, (client) => client.query(`CREATE DATABASE "${name}" TEMPLATE template0`));
  const shadow = new URL(url);
  shadow.pathname = `/${name}`;
  const connection = await factoryFor(shadow.href, schema).connect();
  const dispose = connection.dispose.bind(connection);
  connection.dispose = async () => {
    await dispose();
    await withClient(url, (client) => client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`));
  };
  return connection;
}

function mend(connection) {
  // The adapter cuts a script at every semicolon, also inside strings and $$ bodies; Postgres takes it whole.
  connection.executeScript = async (script) => {
    try {
      await connection.underlyingDriver().query(script);
    } catch (error) {
      connection.onError(error);
    }
  };
  const queryRaw = connection.queryRaw;
  const performIO = connection.performIO.bind(connection);
  connection.queryRaw = async (query) => {
    const charColumns = [];
    const readingCharAsText = async (input) => {
      const result = await performIO(input);
      for (const [index, field] of result.fields.entries()) {
        if (field.dataTypeID !== OID_CHAR) continue;
        charColumns.push(index);
        field.dataTypeID = OID_TEXT;
      }
      return result;
    };
    const view = Object.create(connection, { performIO: { value: readingCharAsText } });
    const rows = await queryRaw.call(view, query);
    for (const index of charColumns) rows.columnTypes[index] = ColumnTypeEnum.Character;
    return rows;
  };
  return connection;
}
