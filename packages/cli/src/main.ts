// The commands of `malha` that talk to the control plane or work on files. `proxy` and `join` are the data plane's.
import { ApiError } from './api-client.ts';
import { type Command, EXIT_NEGATIVE, EXIT_OK, EXIT_UNREACHABLE, EXIT_USAGE, type Output } from './command.ts';
import { UsageError } from './options.ts';

/** Each is loaded when it is called: the schemas and the YAML parser are not needed for a status. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly command: Command }>>> = {
  apply: () => import('./commands/apply.ts'),
  diff: () => import('./commands/diff.ts'),
  get: () => import('./commands/get.ts'),
  explain: () => import('./commands/explain.ts'),
  status: () => import('./commands/status.ts'),
  experiment: () => import('./commands/experiment.ts'),
  fault: () => import('./commands/fault.ts'),
  certificates: () => import('./commands/certificates.ts'),
  'join-token': () => import('./commands/join-token.ts'),
};

/** In the data plane's bundle; listed here for the help. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  join: 'puts a command into the mesh, with a proxy beside it',
  gateway: 'joins as an edge proxy, which serves a Gateway to clients outside of the mesh',
  envoy: 'joins for a stock Envoy: writes its bootstrap and identity, and renews them',
  proxy: 'runs a proxy from YAML files, without a control plane',
  ratelimit: 'counts global rate limits in Redis, for all proxies',
};

const output: Output = {
  print: (text) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`),
  note: (text) => process.stderr.write(text.endsWith('\n') ? text : `${text}\n`),
};

process.exitCode = await main(process.argv.slice(2));

async function main([name, ...argv]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    output.print(await overview());
    return name === undefined ? EXIT_USAGE : EXIT_OK;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    output.note(`malha: there is no command "${name}"; see malha help`);
    return EXIT_USAGE;
  }
  const { command } = await load();
  if (argv.includes('--help') || argv.includes('-h')) {
    output.print(command.usage());
    return EXIT_OK;
  }
  return run(name, command, argv);
}

async function run(name: string, command: Command, argv: readonly string[]): Promise<number> {
  try {
    return await command.run(argv, output);
  } catch (error) {
    if (error instanceof UsageError) {
      for (const problem of error.problems) output.note(`malha ${name}: ${problem}`);
      output.note(`See malha ${name} --help`);
      return EXIT_USAGE;
    }
    if (error instanceof ApiError) {
      output.note(`malha ${name}: ${error.message}${error.code === 'MALHA5902' ? '' : ` [${error.code}]`}`);
      return error.code === 'MALHA5901' ? EXIT_UNREACHABLE : EXIT_NEGATIVE;
    }
    throw error;
  }
}

async function overview(): Promise<string> {
  const own = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => [name, (await load()).command.summary] as const),
  );
  const lines = [...own, ...Object.entries(ELSEWHERE)].map(([name, summary]) => `  ${name.padEnd(14)}${summary}`);
  return `Usage: malha COMMAND [options]\n\n${lines.join('\n')}\n\nmalha COMMAND --help tells more.\n`;
}
