// Where the seal key comes from: given by the environment (shared by replicas), or a file of this host.
import { randomBytes } from 'node:crypto';
import { link, open, readFile, stat, unlink } from 'node:fs/promises';
import { CaError } from './errors.ts';
import { SEAL_KEY_BYTES } from './seal.ts';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

export interface SealKeySource {
  /** Base64 or base64url of 32 bytes; wins over the file. */
  readonly sealKey?: string | undefined;
  /** `<state dir>/seal.key`; made at first start. */
  readonly file: string;
}

export async function loadSealKey(source: SealKeySource): Promise<Buffer> {
  if (source.sealKey !== undefined) return decode(source.sealKey, 'MALHA_SEAL_KEY');
  await createIfMissing(source.file);
  const { mode } = await stat(source.file);
  if ((mode & OTHERS) !== 0) {
    throw malformed(`${source.file} can be read by other users: run "chmod 600 ${source.file}"`);
  }
  return decode(await readFile(source.file, 'utf8'), source.file);
}

/** Written aside and linked into place: of two starters one wins, and nobody ever reads half a key. */
async function createIfMissing(file: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(aside, 'wx', OWNER_ONLY);
    try {
      await handle.writeFile(`${randomBytes(SEAL_KEY_BYTES).toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(aside, file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw new CaError('unavailable', 'MALHA3020', `the seal key ${file} cannot be written`, error);
  } finally {
    await unlink(aside).catch(() => undefined);
  }
}

function decode(text: string, from: string): Buffer {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(trimmed)) throw malformed(`${from} is not base64`);
  const key = Buffer.from(trimmed, 'base64');
  if (key.length !== SEAL_KEY_BYTES) throw malformed(`${from} has ${key.length} bytes, not ${SEAL_KEY_BYTES}`);
  return key;
}

function malformed(message: string): CaError {
  return new CaError('unavailable', 'MALHA3020', message);
}
