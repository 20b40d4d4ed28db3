// What the operating system says about a process: whether a pid is still the one that wrote it down.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

/** A text that differs between two processes that had the same pid; undefined when there is no such process. */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The command in parentheses may hold spaces; fields are counted from behind it. State is the 3rd, start the 22nd.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : fields[19];
    } catch {
      return undefined;
    }
  }
  return ps(pid, 'lstart');
}

export function commandLine(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const text = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return text === '' ? undefined : text.replaceAll('\0', ' ');
    } catch {
      return undefined;
    }
  }
  return ps(pid, 'command');
}

function ps(pid: number, column: string): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-ww', '-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
}
