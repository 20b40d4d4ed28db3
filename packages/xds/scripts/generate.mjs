// Generates packages/xds/src/generated: TypeScript for the third-party messages of proto/third-party.txt, read from
// installed npm packages, and for all of proto/malha. Works offline; does nothing when its inputs are unchanged.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const packageRoot = path.resolve(import.meta.dirname, '..');
const protoRoot = path.resolve(packageRoot, '../../proto');
const output = path.join(packageRoot, 'src/generated');
const stamp = path.join(output, '.inputs');
const require = createRequire(import.meta.url);

const packageDirectory = (name) => {
  for (const base of require.resolve.paths(name) ?? []) {
    const directory = path.join(base, name);
    if (fs.existsSync(path.join(directory, 'package.json'))) return fs.realpathSync(directory);
  }
  throw new Error(`npm package ${name} is not installed; run npm install`);
};
const versionOf = (name) =>
  JSON.parse(fs.readFileSync(path.join(packageDirectory(name), 'package.json'), 'utf8')).version;

const tools = ['@bufbuild/buf', '@bufbuild/protoc-gen-es', '@bufbuild/protobuf'];
const sources = ['@grpc/grpc-js-xds', '@opentelemetry/exporter-collector-grpc'];

function ownProtos(directory = path.join(protoRoot, 'malha')) {
  return fs
    .readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith('.proto'))
    .map((name) => path.join('malha', name))
    .sort();
}

/** Everything that decides the output; the protos of packages are pinned by the packages' versions. */
function inputsHash() {
  const hash = createHash('sha256');
  const files = [path.join(protoRoot, 'third-party.txt'), import.meta.filename];
  for (const file of [...files, ...ownProtos().map((name) => path.join(protoRoot, name))]) {
    hash.update(`${path.relative(protoRoot, file)}\0`).update(fs.readFileSync(file));
  }
  for (const name of [...tools, ...sources]) hash.update(`${name}@${versionOf(name)}\0`);
  return hash.digest('hex');
}

function selection() {
  const lines = fs
    .readFileSync(path.join(protoRoot, 'third-party.txt'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return {
    types: [...lines.filter((line) => !line.startsWith('-')), 'malha.**'],
    excludeTypes: lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1)),
  };
}

/** Fields that the shipped files lack: one that the Envoy API uses, and those of younger Envoys that we set. */
const PATCHES = [
  {
    file: 'validate/validate.proto',
    after: /( {2}optional bool strict = 25[^\n]*\n)/,
    line: '  optional bool ignore_empty = 26;',
  },
  {
    file: 'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto',
    after: /( {2}uint32 stage = 9[^\n]*\n)/,
    line: '  google.protobuf.UInt32Value max_dynamic_descriptors = 18;',
  },
  {
    file: 'envoy/config/route/v3/route_components.proto',
    after: /( {2}oneof random_value_specifier \{\n)/,
    line: '    google.protobuf.BoolValue use_hash_policy = 5;',
  },
];

function patched(name, text) {
  const patch = PATCHES.find(({ file }) => file === name);
  if (patch === undefined) return text;
  if (!patch.after.test(text)) throw new Error(`${name} has changed: the patch for it does not fit`);
  return text.replace(patch.after, `$1\n${patch.line}\n`);
}

/** Copies the protos that hold the wanted types, with all they import, into one directory. */
function collect(target, types) {
  const [grpcXds, otlp] = sources.map(packageDirectory);
  const roots = [
    protoRoot,
    ...['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => path.join(grpcXds, 'deps', name)),
    path.join(otlp, 'build/protos'),
  ];
  const seen = new Set();
  const add = (name) => {
    if (seen.has(name) || name.startsWith('google/protobuf/')) return;
    seen.add(name);
    const root = roots.find((candidate) => fs.existsSync(path.join(candidate, name)));
    if (root === undefined) throw new Error(`${name} is in no installed package`);
    const text = patched(name, fs.readFileSync(path.join(root, name), 'utf8').replaceAll('\r\n', '\n'));
    fs.mkdirSync(path.dirname(path.join(target, name)), { recursive: true });
    fs.writeFileSync(path.join(target, name), text);
    for (const [, imported] of text.matchAll(/^import\s+(?:public\s+|weak\s+)?"([^"]+)";/gm)) add(imported);
  };
  for (const name of ownProtos()) add(name);
  for (const type of types) {
    if (type.startsWith('malha.')) continue;
    const directory = type.split('.').slice(0, -1).join('/');
    const declares = new RegExp(`^(message|enum) ${type.split('.').at(-1)}\\b`, 'm');
    const found = roots
      .filter((root) => fs.existsSync(path.join(root, directory)))
      .flatMap((root) => fs.readdirSync(path.join(root, directory)).map((file) => ({ root, file })))
      .find(
        ({ root, file }) =>
          file.endsWith('.proto') && declares.test(fs.readFileSync(path.join(root, directory, file), 'utf8')),
      );
    if (found === undefined) throw new Error(`proto/third-party.txt: no installed package declares ${type}`);
    add(path.posix.join(directory, found.file));
  }
}

/** By renaming, so that nobody sees half of it, and a run beside this one does no harm. */
function replace(target, source) {
  const beside = path.join(packageRoot, 'dist', `generated-${process.pid}`);
  fs.cpSync(source, beside, { recursive: true });
  const former = `${beside}-former`;
  if (fs.existsSync(target)) fs.renameSync(target, former);
  fs.renameSync(beside, target);
  fs.rmSync(former, { recursive: true, force: true });
}

function generate(hash) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'malha-protos-'));
  try {
    const { types, excludeTypes } = selection();
    collect(path.join(work, 'proto'), types);
    const plugin = path.join(packageDirectory('@bufbuild/protoc-gen-es'), 'bin/protoc-gen-es');
    const template = {
      version: 'v2',
      clean: true,
      inputs: [{ directory: 'proto', types, exclude_types: excludeTypes }],
      // One run of the plugin for all files; by directory it would be started 100 times.
      plugins: [
        {
          local: [process.execPath, plugin],
          strategy: 'all',
          out: 'generated',
          opt: ['target=ts', 'import_extension=ts'],
        },
      ],
    };
    fs.writeFileSync(path.join(work, 'buf.yaml'), JSON.stringify({ version: 'v2', modules: [{ path: 'proto' }] }));
    fs.writeFileSync(path.join(work, 'buf.gen.yaml'), JSON.stringify(template));
    const buf = path.join(packageDirectory('@bufbuild/buf'), 'bin/buf');
    const { status, error } = spawnSync(process.execPath, [buf, 'generate'], {
      cwd: work,
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: 120_000,
    });
    if (status !== 0) throw new Error('buf generate failed', { cause: error });
    const generated = path.join(work, 'generated');
    fs.writeFileSync(path.join(generated, '.inputs'), hash);
    replace(output, generated);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

const hash = inputsHash();
if (!fs.existsSync(stamp) || fs.readFileSync(stamp, 'utf8') !== hash) generate(hash);
