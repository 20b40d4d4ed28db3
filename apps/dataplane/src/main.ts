// The program: parse the configuration, start, wait for a signal, drain, end with a code.
import { UsageError } from '@malha/cli/options';
import { startApp } from './app.ts';
import { type DataplaneConfig, parseConfig, usageOf } from './config.ts';
import { createLog, detailsOf, type Log, reasonOf } from './log.ts';
import { limitYoungGeneration } from './worker/young-generation.ts';

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
/** Time for what comes after the drain: the last export, the application's end. */
const EXIT_GRACE_MS = 5_000;
/** A terminal and npm both pass Ctrl-C on; only a later signal means "now". */
const SECOND_SIGNAL_MS = 1_000;

process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'ratelimit') return await rateLimit(argv.slice(1));
  const usage = isHelp(argv) ? usageOf(argv[0] ?? '') : undefined;
  if (usage !== undefined) {
    process.stdout.write(usage);
    return 0;
  }
  try {
    const config = parseConfig(argv);
    limitYoungGeneration();
    const log = createLog({ level: config.logLevel, now: Date.now, write: (line) => process.stderr.write(line) });
    return await run(config, log);
  } catch (error) {
    return misused(`malha ${argv[0] ?? ''}`.trim(), error);
  }
}

/** Loaded when it is called: a proxy needs neither Redis nor a gRPC server. */
async function rateLimit(argv: readonly string[]): Promise<number> {
  const [{ runRateLimit }, { usageOfRateLimit }] = await Promise.all([
    import('./ratelimit/program.ts'),
    import('./ratelimit/config.ts'),
  ]);
  if (isHelp(argv)) {
    process.stdout.write(usageOfRateLimit());
    return 0;
  }
  try {
    return await runRateLimit(argv);
  } catch (error) {
    return misused('malha ratelimit', error);
  }
}

function misused(program: string, error: unknown): number {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(error.problems.map((problem) => `${program}: ${problem}\n`).join(''));
  process.stderr.write(`See ${program} --help\n`);
  return EXIT_USAGE;
}

/** The command after `--` may have a --help of its own. */
function isHelp(argv: readonly string[]): boolean {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  return own.includes('--help') || own.includes('-h');
}

async function run(config: DataplaneConfig, log: Log): Promise<number> {
  const stop = stopOnSignals(config);
  try {
    const app = await startApp(config, log);
    stop.addEventListener('abort', app.stop);
    if (stop.aborted) app.stop();
    process.stdout.write(`${app.readyLine}\n`);
    return await app.ended;
  } catch (error) {
    if (stop.aborted) return 0;
    log.error(`cannot start: ${reasonOf(error)}`);
    for (const line of detailsOf(error)) log.error(line);
    return EXIT_FAILURE;
  }
}

function stopOnSignals(config: DataplaneConfig): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstMs > SECOND_SIGNAL_MS) process.exit(EXIT_FAILURE);
      return;
    }
    firstMs = performance.now();
    controller.abort();
    // The drain is bounded by itself; this bounds all of the ending.
    setTimeout(() => process.exit(0), config.drainMs + EXIT_GRACE_MS).unref();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', onSignal);
  return controller.signal;
}
