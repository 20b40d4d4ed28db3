// Experiments for tRPC, REST and the CLI: the list, and one with its report.
import { orAway } from '../db/away.ts';
import { ExperimentNotFound } from './errors.ts';
import { servicesOf } from './fault-target.ts';
import { type MeasureDeps, withPhase } from './measure.ts';
import type { ExperimentRecord, ExperimentRepository } from './repository.ts';
import { detailOf, type ExperimentDetail as ExperimentFacts, type ExperimentView, viewOf } from './view.ts';

export interface ExperimentDetail extends ExperimentFacts {
  /** Whom the fault is for, as routes are now. */
  readonly services: readonly { readonly namespace: string; readonly name: string }[];
}

const LIST_MAX = 100;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface ExperimentsDeps extends MeasureDeps {
  readonly repository: Pick<ExperimentRepository, 'list' | 'find'>;
  readonly now: () => number;
}

export class Experiments {
  readonly #deps: ExperimentsDeps;

  constructor(deps: ExperimentsDeps) {
    this.#deps = deps;
  }

  /** The newest hundred, newest first. */
  async list(): Promise<ExperimentView[]> {
    const records = await orAway(() => this.#deps.repository.list(LIST_MAX));
    return records.map(viewOf);
  }

  /** Throws ExperimentNotFound. Of one that runs, what was measured up to now. */
  async get(id: string): Promise<ExperimentDetail> {
    const { repository, now } = this.#deps;
    const record = ID.test(id) ? await orAway(() => repository.find(id)) : undefined;
    if (record === undefined) throw new ExperimentNotFound(id);
    const services = servicesOf(record.resource, this.#deps.state());
    return { ...detailOf(await this.#current(record), now()), services };
  }

  async #current(record: ExperimentRecord): Promise<ExperimentRecord> {
    if (record.end !== undefined) return record;
    const measured = { fault: record.resource, endedAtMs: this.#deps.now() };
    return { ...record, report: await orAway(() => withPhase(this.#deps, record.report, 'during', measured)) };
  }
}
