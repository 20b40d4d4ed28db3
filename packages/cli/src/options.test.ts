import { expect, test } from 'vitest';
import { flag, hostPort, keyValue, listenPort, repeated, required, text, withDefault } from './option-types.ts';
import { parseOptions, UsageError } from './options.ts';

const table = {
  name: required(text('NAME', 'a name')),
  port: withDefault(listenPort('a port'), 80),
  at: hostPort('an address'),
  label: repeated(keyValue('a label')),
  quick: flag('fast'),
};

function problems(argv: readonly string[]): readonly string[] {
  try {
    parseOptions(table, argv);
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
}

test('decodes values, defaults, lists and flags', () => {
  const argv = ['--name', 'a', '--at=[::1]:9', '--label', 'a=b', '--label', 'c=', '--quick'];
  expect(parseOptions(table, argv).options).toEqual({
    name: 'a',
    port: 80,
    at: { host: '::1', port: 9 },
    label: [
      ['a', 'b'],
      ['c', ''],
    ],
    quick: true,
  });
});

test('reports every mistake at once', () => {
  expect(problems(['--prot', '1', '--port', '70000', '--at', 'host', '--quick=yes', 'word'])).toEqual([
    'unknown option --prot (did you mean --port?)',
    '--quick takes no value',
    '--name is required',
    '--port "70000" is not a whole number from 0 to 65535',
    '--at "host" is not HOST:PORT',
    'unexpected argument "1"',
  ]);
});

test('refuses an option given twice, and one without its value', () => {
  expect(problems(['--name', 'a', '--name', 'b'])).toEqual(['--name is given twice']);
  expect(problems(['--name', 'a', '--port'])).toEqual(['--port needs a value']);
});
