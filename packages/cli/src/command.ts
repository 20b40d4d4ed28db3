// What a command of the CLI is.
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Full help. */
  usage(): string;
  /** Resolves with the exit code. */
  run(argv: readonly string[], output: Output): Promise<number>;
}

export interface Output {
  /** For the result: stdout. */
  print(text: string): void;
  /** For what the user should know beside it: stderr. */
  note(text: string): void;
}

export const EXIT_OK = 0;
/** The command did what it should and the answer is "no": a difference, a refused change. */
export const EXIT_NEGATIVE = 1;
/** The command line is wrong. */
export const EXIT_USAGE = 2;
/** The control plane could not be asked. */
export const EXIT_UNREACHABLE = 3;
