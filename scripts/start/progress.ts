// What the person at the terminal sees: one line a step, with its time.
const startedAt = performance.now();

/** Runs a step and prints how long it took; a failure is reported by whoever catches it. */
export async function step<T>(words: string, work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const interactive = process.stdout.isTTY === true;
  if (interactive) process.stdout.write(`  …  ${words}`);
  try {
    const result = await work();
    const line = `  ✓  ${words.padEnd(44)} ${seconds(performance.now() - from)}`;
    process.stdout.write(interactive ? `\r\x1b[K${line}\n` : `${line}\n`);
    return result;
  } catch (error) {
    process.stdout.write(interactive ? `\r\x1b[K  ✗  ${words}\n` : `  ✗  ${words}\n`);
    throw error;
  }
}

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function sinceStart(): string {
  return seconds(performance.now() - startedAt);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** A failure that a person can act on: printed without a stack. */
export class StartError extends Error {}
