// The control plane as a program: reads its configuration, starts, waits for a signal, drains.
import pino from 'pino';
import { startApp } from './app.ts';
import { readProcessConfig } from './config.ts';
import { domainErrorOf } from './errors.ts';

const clock = { now: () => Date.now(), monotonic: () => performance.now() };

async function main(): Promise<void> {
  const config = readProcessConfig();
  const logger = pino({ level: config.logLevel, base: null });
  const app = await startApp({ config, logger, clock, random: Math.random });
  let isStopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the stop was not in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  const known = domainErrorOf(error);
  console.error(known === undefined ? error : `${known.message} (${known.code})`);
  process.exit(1);
});
