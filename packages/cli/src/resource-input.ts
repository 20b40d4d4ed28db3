// Resource files as commands take them with -f: files, folders, or - for the standard input.
import fs from 'node:fs';
import path from 'node:path';
import { type Finding, parseResources, type Resource } from '@malha/model';
import { UsageError } from './options.ts';

const EXTENSIONS = new Set(['.yaml', '.yml', '.json']);

export interface ResourceInput {
  readonly resources: readonly Resource[];
  readonly errors: readonly Finding[];
}

export function readInput(sources: readonly string[]): ResourceInput {
  const texts = sources.flatMap((source) =>
    source === '-' ? [{ name: 'stdin', text: fs.readFileSync(0, 'utf8') }] : readFiles(source),
  );
  const parsed = texts.map(({ name, text }) => parseResources(text, name));
  return {
    resources: parsed.flatMap((each) => each.resources),
    errors: parsed.flatMap((each) => each.errors),
  };
}

function readFiles(source: string): readonly { readonly name: string; readonly text: string }[] {
  try {
    if (!fs.statSync(source).isDirectory()) return [{ name: source, text: fs.readFileSync(source, 'utf8') }];
    const names = fs
      .readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => EXTENSIONS.has(path.extname(name)));
    if (names.length === 0) throw new UsageError([`${source} has no .yaml, .yml or .json files`]);
    return names
      .sort()
      .map((name) => ({ name: path.join(source, name), text: fs.readFileSync(path.join(source, name), 'utf8') }));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError([`cannot read ${source}: ${error instanceof Error ? error.message : error}`]);
  }
}
