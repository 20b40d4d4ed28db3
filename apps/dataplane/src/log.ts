// Log lines on stderr. Own lines instead of a library: a logging package costs a sidecar 8 MB of resident memory.

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

export interface LogOptions {
  readonly level: Level | 'silent';
  readonly now: () => number;
  readonly write: (line: string) => void;
}

export function createLog(options: LogOptions): Log {
  const threshold = options.level === 'silent' ? LEVELS.length : LEVELS.indexOf(options.level);
  const at = (level: Level) => {
    const isOn = LEVELS.indexOf(level) >= threshold;
    return (message: string, fields: LogFields = {}): void => {
      if (isOn) options.write(lineOf(options.now(), level, message, fields));
    };
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function lineOf(nowMs: number, level: Level, message: string, fields: LogFields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${quote(String(value))}`);
  return `${new Date(nowMs).toISOString()} ${level.padEnd(5)} malha: ${oneLine(message)}${pairs.join('')}\n`;
}

function quote(value: string): string {
  return /^[\w.:/@|~+*-]+$/.test(value) ? value : JSON.stringify(value);
}

/** What came from a peer must not forge a second log line. */
function oneLine(message: string): string {
  return message.replace(/[\r\n]+/g, ' | ');
}

/** The words of a failure for one log line: its code, its message and the causes below. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code =
    'code' in error && typeof error.code === 'string' && error.code.startsWith('MALHA') ? `${error.code}: ` : '';
  const cause = error.cause === undefined ? '' : ` (${reasonOf(error.cause)})`;
  return `${code}${error.message}${cause}`;
}

/** Errors that gather several findings list them in `details`, a line each. */
export function detailsOf(error: unknown): readonly string[] {
  if (!(error instanceof Error) || !('details' in error) || !Array.isArray(error.details)) return [];
  return error.details.map(String);
}
