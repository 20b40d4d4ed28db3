// Runs one fuzz target: its saved corpus, then mutations of it from a fixed seed for a bounded time. What fails is written
// to the corpus, so that it is tried first from then on.
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** For each target in a usual run; `MALHA_FUZZ_SECONDS` makes it longer, `MALHA_FUZZ_SEED` another sequence. */
const SECONDS_DEFAULT = 2;
const SEED_DEFAULT = 20_261;
/** Below this number the time was too short to say anything. */
const INPUTS_MIN = 50;
const SLACK_MS = 60_000;

export interface FuzzTarget {
  /** Name of its corpus: `corpus/<name>.json`, texts of which each character is one byte. */
  readonly name: string;
  /** Pieces that have broken parsers before. */
  readonly shards: readonly string[];
  /** Undefined = in order; else what is wrong. Throwing is wrong too. */
  check(bytes: Buffer): string | undefined | Promise<string | undefined>;
}

export function fuzz(target: FuzzTarget): void {
  const file = path.join(import.meta.dirname, 'corpus', `${target.name}.json`);
  const corpus = JSON.parse(fs.readFileSync(file, 'utf8')) as readonly string[];
  const seconds = Number(process.env.MALHA_FUZZ_SECONDS ?? SECONDS_DEFAULT);
  const seed = Number(process.env.MALHA_FUZZ_SEED ?? SEED_DEFAULT);

  describe(target.name, () => {
    it('takes its corpus', async () => {
      for (const [index, text] of corpus.entries())
        expect(await verdict(target, text), `entry ${index}`).toBeUndefined();
    });

    it(`takes mutations of it for ${seconds} s`, { timeout: seconds * 1_000 + SLACK_MS, retry: 0 }, async () => {
      const random = generator(seed);
      const untilMs = performance.now() + seconds * 1_000;
      let inputs = 0;
      for (; performance.now() < untilMs || inputs < INPUTS_MIN; inputs++) {
        const text = mutate(corpus[inputs % corpus.length] ?? '', target.shards, random);
        const wrong = await verdict(target, text);
        if (wrong === undefined) continue;
        fs.writeFileSync(file, `${JSON.stringify([...corpus, text], null, 2)}\n`);
        expect.fail(
          `${wrong}\ninput ${inputs} of seed ${seed}, now the last entry of ${file}: ${JSON.stringify(text)}`,
        );
      }
      console.log(`fuzz ${target.name}: ${inputs} inputs from ${corpus.length} entries, seed ${seed}`);
    });
  });
}

async function verdict(target: FuzzTarget, text: string): Promise<string | undefined> {
  try {
    return await target.check(Buffer.from(text, 'latin1'));
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** mulberry32: the same mutations on every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function mutate(text: string, shards: readonly string[], random: () => number): string {
  let mutated = text;
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const at = Math.floor(random() * (mutated.length + 1));
    const shard = shards[Math.floor(random() * shards.length)] ?? '';
    const dice = random();
    if (dice < 0.35) mutated = mutated.slice(0, at) + shard + mutated.slice(at);
    else if (dice < 0.5) mutated = mutated.slice(0, at) + mutated.slice(at + 1 + Math.floor(random() * 4));
    else if (dice < 0.7) mutated = mutated.slice(0, at) + shard + mutated.slice(at + shard.length);
    else if (dice < 0.85) mutated = mutated.slice(0, at) + byte(random) + mutated.slice(at + 1);
    else {
      const end = Math.min(mutated.length, at + Math.floor(random() * 24));
      mutated = mutated.slice(0, end) + mutated.slice(at);
    }
  }
  return mutated;
}

function byte(random: () => number): string {
  return String.fromCharCode(Math.floor(random() * 256));
}
