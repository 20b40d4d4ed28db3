// Reads a folder of YAML and JSON files into resources; all mistakes of all files are reported together.
import fs from 'node:fs/promises';
import path from 'node:path';
import { type Finding, keyOf, parseResources, type Resource } from '@malha/model';
import { StandaloneError } from './errors.ts';

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);
const FILE_SIZE_MAX_BYTES = 64 * 1024 * 1024;
const DEPTH_MAX = 8;

/** Name and text of each file, sorted by name, so that the same folder always reads the same. */
export interface SourceFile {
  /** Relative to the folder. */
  readonly name: string;
  readonly text: string;
}

export async function readFolder(folder: string): Promise<readonly SourceFile[]> {
  try {
    const names = await listFiles(folder, '', DEPTH_MAX);
    return await Promise.all(names.map(async (name) => ({ name, text: await readOne(path.join(folder, name)) })));
  } catch (cause) {
    throw new StandaloneError('MALHA4810', `cannot read the resources in ${folder}`, [], { cause });
  }
}

/** Hidden files and folders are skipped: editors' swap files, and the `..data` links of mounted volumes. */
async function listFiles(root: string, below: string, depth: number): Promise<readonly string[]> {
  const entries = await fs.readdir(path.join(root, below));
  const lists = await Promise.all(
    entries
      .filter((name) => !name.startsWith('.'))
      .map(async (name) => {
        const relative = path.join(below, name);
        const stat = await fs.stat(path.join(root, relative));
        if (stat.isDirectory()) return depth > 0 ? listFiles(root, relative, depth - 1) : [];
        return stat.isFile() && EXTENSIONS.has(path.extname(name)) ? [relative] : [];
      }),
  );
  return lists.flat().sort();
}

async function readOne(file: string): Promise<string> {
  const { size } = await fs.stat(file);
  if (size > FILE_SIZE_MAX_BYTES) throw new Error(`${file} is larger than ${FILE_SIZE_MAX_BYTES} bytes`);
  return fs.readFile(file, 'utf8');
}

export function parseFiles(files: readonly SourceFile[]): readonly Resource[] {
  const findings: Finding[] = [];
  const resources = new Map<string, { readonly resource: Resource; readonly source: string }>();
  for (const file of files) {
    const parsed = parseResources(file.text, file.name);
    findings.push(...parsed.errors.filter((finding) => finding.severity === 'error'));
    for (const { resource, line } of parsed.documents) {
      const key = keyOf(resource);
      const first = resources.get(key);
      if (first === undefined) resources.set(key, { resource, source: `${file.name}:${line}` });
      else findings.push(repeatedResource(key, first.source, file.name, line));
    }
  }
  if (findings.length > 0) throw new StandaloneError('MALHA4811', 'the resources are wrong', findings);
  return [...resources.values()].map((entry) => entry.resource);
}

function repeatedResource(key: ReturnType<typeof keyOf>, first: string, source: string, line: number): Finding {
  return {
    code: 'MALHA1010',
    severity: 'error',
    object: key,
    path: 'metadata.name',
    message: `the same resource is already in ${first}`,
    source,
    line,
  };
}
