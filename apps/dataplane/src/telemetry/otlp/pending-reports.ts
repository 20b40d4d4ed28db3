// Last reports of processes that ended before the control plane acknowledged them, kept in one file until they are delivered.
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Reports kept; each is the cumulative end of one process, so more than a few means a long time without a control plane. */
const REPORTS_MAX = 32;
const FILE_BYTES_MAX = 32 * 1024 * 1024;

interface PendingFile {
  readonly version: 1;
  /** Encoded ExportMetricsServiceRequests, base64. */
  readonly reports: readonly string[];
}

export class PendingReports {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Oldest first; an unreadable file counts as empty and is told to `onDamaged`. */
  async read(onDamaged: (reason: string) => void): Promise<Uint8Array[]> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
    const file = parse(text);
    if (file === undefined) {
      onDamaged(`${this.#path} is not a file of pending reports`);
      return [];
    }
    return file.reports.map((report) => Buffer.from(report, 'base64'));
  }

  /** Replaces the file atomically; no reports = no file. The oldest give way to the bound. */
  async write(reports: readonly Uint8Array[]): Promise<void> {
    if (reports.length === 0) {
      await rm(this.#path, { force: true });
      return;
    }
    const kept = reports.slice(-REPORTS_MAX).map((report) => Buffer.from(report).toString('base64'));
    const file: PendingFile = { version: 1, reports: kept };
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const temporary = `${this.#path}.${process.pid}.tmp`;
    await writeFile(temporary, JSON.stringify(file), { mode: 0o600 });
    await chmod(temporary, 0o600);
    await rename(temporary, this.#path);
  }
}

function parse(text: string): PendingFile | undefined {
  if (text.length > FILE_BYTES_MAX) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return undefined;
  if (!('reports' in value) || !Array.isArray(value.reports)) return undefined;
  const reports = value.reports.filter((report): report is string => typeof report === 'string');
  return reports.length === value.reports.length ? { version: 1, reports } : undefined;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
