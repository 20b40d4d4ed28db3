// Tells when a folder may have changed: kernel events, gathered for a moment, and a slow poll for what sends no events.
import fs from 'node:fs';
import path from 'node:path';

/** Quiet time before a reading: an editor writes, renames and removes within a few milliseconds. */
const SETTLE_MS = 40;
/** A folder that never rests is read all the same. */
const SETTLE_MAX_MS = 500;
/** Network and overlay file systems may not report a change. */
const POLL_MS = 2_000;

export interface FolderWatcher {
  close(): void;
}

/** `onChange` may be called without a change; the reader compares contents. Calls never overlap. */
export function watchFolder(folder: string, onChange: () => Promise<void>): FolderWatcher {
  let watchers: readonly fs.FSWatcher[] = [];
  let settle: NodeJS.Timeout | undefined;
  let firstTouchMs = 0;
  let isRunning = false;
  let isDirty = false;
  let isClosed = false;

  const run = async (): Promise<void> => {
    if (isRunning) {
      isDirty = true;
      return;
    }
    isRunning = true;
    do {
      isDirty = false;
      rearm();
      await onChange();
    } while (isDirty && !isClosed);
    isRunning = false;
  };
  const touched = (): void => {
    if (isClosed) return;
    const nowMs = performance.now();
    if (settle === undefined) firstTouchMs = nowMs;
    else if (nowMs - firstTouchMs > SETTLE_MAX_MS - SETTLE_MS) return;
    clearTimeout(settle);
    settle = setTimeout(() => {
      settle = undefined;
      void run();
    }, SETTLE_MS);
  };
  // Sub-folders come and go, and a replaced folder is another inode: the watches are made anew for each reading.
  const rearm = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = isClosed
      ? []
      : [...watchParent(folder, touched), ...foldersBelow(folder).flatMap((each) => watchOne(each, touched))];
  };
  const poll = setInterval(touched, POLL_MS);
  poll.unref();
  rearm();
  return {
    close() {
      isClosed = true;
      clearInterval(poll);
      clearTimeout(settle);
      for (const watcher of watchers) watcher.close();
    },
  };
}

function foldersBelow(folder: string): readonly string[] {
  try {
    const below = fs
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .flatMap((entry) => foldersBelow(path.join(folder, entry.name)));
    return [folder, ...below];
  } catch {
    // The folder is away for a moment (it is being replaced): the poll looks again.
    return [];
  }
}

/** Sees the folder itself being replaced, as a switched symbolic link is. */
function watchParent(folder: string, touched: () => void): readonly fs.FSWatcher[] {
  const own = path.basename(folder);
  return watchOne(path.dirname(folder), (name) => {
    if (name === own) touched();
  });
}

function watchOne(folder: string, touched: (name: string | null) => void): readonly fs.FSWatcher[] {
  try {
    const watcher = fs.watch(folder, { persistent: false }, (_, name) => touched(name));
    watcher.on('error', () => watcher.close());
    return [watcher];
  } catch {
    // No more watches are to be had, or the folder went away: the poll serves.
    return [];
  }
}
