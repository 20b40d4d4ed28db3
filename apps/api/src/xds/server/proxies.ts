// The proxies of the mesh as this replica sees them: what each should serve, and the streams it is reached by.

import type { Dialect, SecretFiles } from '../dialects/dialect.ts';
import { XdsError } from '../errors.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { Session } from './session.ts';

/** A proxy that is replaced has two streams for a while; more are leftovers. */
const SESSIONS_MAX = 2;

export interface ProxyRecord {
  /** `<namespace>/<workload>` */
  readonly workload: string;
  /** Of the newest stream, else by the deployment model. */
  dialect: Dialect;
  secretFiles: SecretFiles | undefined;
  wanted: Snapshot | undefined;
  readonly sessions: Set<Session>;
}

export class Proxies {
  readonly #records = new Map<string, ProxyRecord>();

  of(workload: string, dialect: Dialect): ProxyRecord {
    let record = this.#records.get(workload);
    if (record === undefined) {
      record = { workload, dialect, secretFiles: undefined, wanted: undefined, sessions: new Set() };
      this.#records.set(workload, record);
    }
    return record;
  }

  get(workload: string): ProxyRecord | undefined {
    return this.#records.get(workload);
  }

  [Symbol.iterator](): IterableIterator<ProxyRecord> {
    return this.#records.values();
  }

  attach(session: Session): ProxyRecord {
    const record = this.of(session.node.workload, session.dialect);
    const { secretFiles } = session.node;
    const isSame =
      record.secretFiles?.identity === secretFiles?.identity && record.secretFiles?.trust === secretFiles?.trust;
    if (record.dialect !== session.dialect || !isSame) {
      record.dialect = session.dialect;
      record.secretFiles = secretFiles;
      record.wanted = undefined;
    }
    record.sessions.add(session);
    const [oldest] = record.sessions;
    if (record.sessions.size > SESSIONS_MAX) {
      oldest?.end(new XdsError('conflict', 'MALHA5065', 'replaced by a newer stream of the same workload'));
    }
    return record;
  }

  /** Returns the record when its last stream is gone. */
  detach(session: Session): ProxyRecord | undefined {
    const record = this.#records.get(session.node.workload);
    record?.sessions.delete(session);
    return record?.sessions.size === 0 ? record : undefined;
  }

  /** Forgets those that are neither registered nor connected. */
  retain(isRegistered: (workload: string) => boolean): void {
    for (const [workload, { sessions }] of this.#records) {
      if (sessions.size === 0 && !isRegistered(workload)) this.#records.delete(workload);
    }
  }
}
