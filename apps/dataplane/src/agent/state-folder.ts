// The agent's folder on disk: identity, membership and last good configuration, for a start without a control plane.
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { RawResource } from '../xds/config-store.ts';
import { AgentError } from './errors.ts';
import { type Credentials, checkCredentials, type Membership } from './membership.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const FORMAT = 1;
const PAIR = 'next-identity.pem';

export interface SavedConfig {
  readonly resources: readonly RawResource[];
  readonly hash: string;
}

export interface SavedState {
  readonly membership: Membership;
  readonly credentials: Credentials;
  readonly config: SavedConfig | undefined;
}

export class StateFolder {
  constructor(readonly folder: string) {}

  /** Creates the folder and takes it for this process; throws MALHA4906 when another one has it. */
  claim(): void {
    try {
      fs.mkdirSync(this.folder, { recursive: true, mode: FOLDER_MODE });
      fs.chmodSync(this.folder, FOLDER_MODE);
    } catch (cause) {
      throw new AgentError('MALHA4905', `cannot create the state folder ${this.folder}`, { cause });
    }
    const owner = this.#read('owner');
    if (owner !== undefined && isSameProcess(owner)) {
      const pid = owner.split(' ', 1)[0];
      throw new AgentError('MALHA4906', `process ${pid} already runs this workload, on the state in ${this.folder}`);
    }
    this.#write('owner', `${process.pid} ${startTimeOf(process.pid) ?? ''}`);
  }

  release(): void {
    fs.rmSync(path.join(this.folder, 'owner'), { force: true });
  }

  /**
   * Key and chain belong together but are two files, as other programs read them. They are written as one first, so
   * that a crash in between leaves a pair.
   */
  saveIdentity({ secrets }: Credentials): void {
    this.#write('trust.pem', secrets.trustBundlePem);
    this.#write(PAIR, secrets.privateKeyPem + secrets.certificateChainPem);
    this.#settlePair();
  }

  #settlePair(): void {
    const pair = this.#read(PAIR);
    if (pair === undefined) return;
    const split = pair.indexOf('-----BEGIN CERTIFICATE-----');
    this.#write('key.pem', pair.slice(0, split));
    this.#write('cert.pem', pair.slice(split));
    fs.rmSync(path.join(this.folder, PAIR), { force: true });
  }

  saveMembership(membership: Membership): void {
    this.#write('agent.json', `${JSON.stringify({ format: FORMAT, ...membership }, null, 2)}\n`);
  }

  /** For Envoy, which reads its bootstrap and its secrets from here. Returns the path. */
  saveJson(name: string, value: object): string {
    this.#write(name, `${JSON.stringify(value, null, 2)}\n`);
    return path.join(this.folder, name);
  }

  saveConfig(config: SavedConfig): void {
    const resources = config.resources.map(({ value, ...rest }) => ({
      ...rest,
      value: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
    }));
    this.#write('config.json', JSON.stringify({ format: FORMAT, hash: config.hash, resources }));
  }

  /**
   * What is there, or in `unusable` why it does not serve. A damaged configuration alone is no reason: the control
   * plane sends another.
   */
  load(nowMs: number): SavedState | { readonly unusable: string } {
    this.#settlePair();
    const agent = this.#read('agent.json');
    const pem = { key: this.#read('key.pem'), chain: this.#read('cert.pem'), trust: this.#read('trust.pem') };
    if (agent === undefined || !isWhole(pem)) return { unusable: 'there is none' };
    try {
      return {
        membership: decodeMembership(JSON.parse(agent)),
        credentials: checkCredentials(pem, nowMs),
        config: this.#loadConfig(),
      };
    } catch (error) {
      return { unusable: error instanceof Error ? error.message : String(error) };
    }
  }

  #loadConfig(): SavedConfig | undefined {
    try {
      return decodeConfig(JSON.parse(this.#read('config.json') ?? ''));
    } catch {
      return undefined;
    }
  }

  #read(name: string): string | undefined {
    try {
      return fs.readFileSync(path.join(this.folder, name), 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw new AgentError('MALHA4905', `cannot read ${name} in ${this.folder}`, { cause });
    }
  }

  /** Atomic: a reader sees the old file or the new one, also after a crash. */
  #write(name: string, text: string): void {
    const next = path.join(this.folder, `.${name}.${randomBytes(4).toString('hex')}`);
    try {
      const file = fs.openSync(next, 'wx', FILE_MODE);
      try {
        fs.writeFileSync(file, text);
        fs.fsyncSync(file);
      } finally {
        fs.closeSync(file);
      }
      fs.renameSync(next, path.join(this.folder, name));
    } catch (cause) {
      fs.rmSync(next, { force: true });
      throw new AgentError('MALHA4905', `cannot write ${name} in ${this.folder}`, { cause });
    }
  }
}

interface Pem {
  readonly key: string;
  readonly chain: string;
  readonly trust: string;
}

function isWhole(pem: { readonly [K in keyof Pem]: string | undefined }): pem is Pem {
  return pem.key !== undefined && pem.chain !== undefined && pem.trust !== undefined;
}

/** A process id may be given again: with the start time it names one process. */
function isSameProcess(owner: string): boolean {
  const [pid = '', startTime = ''] = owner.split(' ');
  if (Number(pid) === process.pid || !/^\d+$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return startTime === '' || startTimeOf(Number(pid)) === startTime;
}

/** Field 22 of /proc/<pid>/stat; undefined where there is no such file. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function decodeMembership(value: unknown): Membership {
  const from = record(value);
  if (from.format !== FORMAT) throw new Error('agent.json is of another format');
  return {
    namespace: string(from, 'namespace'),
    name: string(from, 'name'),
    service: string(from, 'service'),
    version: string(from, 'version'),
    address: string(from, 'address'),
    outboundPort: number(from, 'outboundPort'),
    inboundPort: number(from, 'inboundPort'),
    adminPort: number(from, 'adminPort'),
    trustDomain: string(from, 'trustDomain'),
    controlPlane: string(from, 'controlPlane'),
  };
}

function decodeConfig(value: unknown): SavedConfig {
  const from = record(value);
  if (from.format !== FORMAT || !Array.isArray(from.resources)) throw new Error('config.json is of another format');
  const resources = from.resources.map((each: unknown) => {
    const resource = record(each);
    return {
      typeUrl: string(resource, 'typeUrl'),
      name: string(resource, 'name'),
      version: string(resource, 'version'),
      value: new Uint8Array(Buffer.from(string(resource, 'value'), 'base64')),
    };
  });
  return { hash: string(from, 'hash'), resources };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  return value as Readonly<Record<string, unknown>>;
}

function string(from: Readonly<Record<string, unknown>>, field: string): string {
  const value = from[field];
  if (typeof value !== 'string') throw new Error(`${field} is not a text`);
  return value;
}

function number(from: Readonly<Record<string, unknown>>, field: string): number {
  const value = from[field];
  if (typeof value !== 'number') throw new Error(`${field} is not a number`);
  return value;
}
