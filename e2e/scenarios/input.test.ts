// What an operator types wrong: a clear error with path and code, and nothing stored; two editors lose nothing.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EchoMesh, split, startEchoMesh } from '../src/echo-mesh.ts';

let stage: EchoMesh;

beforeAll(async () => {
  stage = await startEchoMesh({ network: 76 });
});
afterAll(() => stage?.mesh.stop());

async function revision(): Promise<number> {
  return (await stage.mesh.admin<{ revision: number }>('GET', '/revision')).revision;
}

const CYCLIC = `apiVersion: malha.dev/v1
kind: Namespace
metadata: &meta
  name: loop
  labels: {self: *meta}
spec: {owner: tests}
`;

test.each([
  ['a missing service', split(1, 1).replaceAll('name: echo', 'name: nobody'), /MALHA1\d{3}/, /nobody/],
  ['a weight of -1', split(-1, 1), /MALHA1\d{3}/, /spec\.rules\[0\]\.backendRefs\[0\]\.weight/],
  ['malformed YAML', 'kind: [unclosed', /MALHA1\d{3}/, /line/],
  ['cyclic YAML', CYCLIC, /MALHA1\d{3}/, /self/],
  ['an unknown field', split(1, 1).replace('weight: 1}', 'wieght: 1}'), /MALHA1\d{3}/, /weight/],
])('%s is refused with path and code, and nothing is stored', async (_what, yaml, code, place) => {
  const before = await revision();
  const error = await stage.mesh.apply(yaml).then(
    () => undefined,
    (reason: Error) => reason.message,
  );
  expect(error).toMatch(code);
  expect(error).toMatch(place);
  expect(await revision()).toBe(before);
});

test('the second of two editors of one route is told what the first wrote', async () => {
  const { mesh } = stage;
  const key = 'HTTPRoute/lab/echo';
  const base = (await mesh.apply(split(90, 10))).revision;
  const second = await mesh.apply(split(80, 20), 'first editor');
  const stale = await mesh
    .admin(
      'POST',
      `/apply?message=second&baseRevisions=${encodeURIComponent(JSON.stringify({ [key]: base }))}`,
      split(70, 30),
    )
    .then(
      () => undefined,
      (reason: Error) => reason.message,
    );
  expect(stale).toMatch(/409/);
  expect(stale).toContain(key);
  expect(stale).toContain('weight: 80');
  expect(await revision()).toBe(second.revision);
});
