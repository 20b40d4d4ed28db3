import { expect, test } from 'vitest';
import { ConfigInvalid } from './config/env-reader.ts';
import { readConfig } from './config.ts';

const minimal = {
  DATABASE_URL: 'postgresql://u:p@127.0.0.1:5432/malha',
  NEXTAUTH_SECRET: 'a-secret-of-some-length',
  MALHA_INTERNAL_SECRET: 'another-secret-of-some-length',
};

test('the minimal environment gives the documented defaults', () => {
  const config = readConfig(minimal, '/srv/malha');
  expect(config).toMatchObject({
    stateDir: '/srv/malha/.malha',
    trustDomain: 'mesh.local',
    workloadCidr: '127.64.0.0/16',
    serviceCidr: '127.96.0.0/16',
    listen: { apiHost: '127.0.0.1', apiPort: 4401, xdsPort: 15012, joinPort: 15013 },
    auth: { consoleOrigins: ['http://localhost:4400'], firstAdminEmail: 'admin@malha.local' },
  });
});

test('every wrong setting is reported at once, and no secret is part of the message', () => {
  const env = {
    DATABASE_URL: 'mysql://root:hunter2@db/malha',
    NEXTAUTH_SECRET: 'short',
    MALHA_API_PORT: '70000',
    MALHA_XDS_PORT: '1e3',
    MALHA_LOG_LEVEL: 'loud',
    MALHA_CONSOLE_URL: 'http://ok.example,ftp://bad.example',
    MALHA_WORKLOAD_CIDR: '10.0.0.0/8',
    MALHA_STATE_DIR: `/${'x'.repeat(120)}`,
  };
  try {
    readConfig(env, '/');
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigInvalid);
    const { problems, message } = error as ConfigInvalid;
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'MALHA_STATE_DIR',
      'DATABASE_URL',
      'MALHA_API_PORT',
      'MALHA_XDS_PORT',
      'NEXTAUTH_SECRET',
      'MALHA_INTERNAL_SECRET',
      'MALHA_CONSOLE_URL',
      'MALHA_WORKLOAD_CIDR',
      'MALHA_LOG_LEVEL',
    ]);
    expect(message).not.toMatch(/hunter2|short/);
  }
});

test('an empty variable counts as not set', () => {
  expect(readConfig({ ...minimal, MALHA_API_PORT: '', MALHA_SEAL_KEY: '' }, '/')).toMatchObject({
    listen: { apiPort: 4401 },
    sealKey: undefined,
  });
});

test('the origin of a console address is what the browser sends: no path, no trailing slash', () => {
  const config = readConfig(
    { ...minimal, MALHA_CONSOLE_URL: 'https://mesh.example/console/, http://localhost:4400/' },
    '/',
  );
  expect(config.auth.consoleOrigins).toEqual(['https://mesh.example', 'http://localhost:4400']);
});
