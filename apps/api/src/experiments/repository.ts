// Experiments in Postgres: one row for each time that a fault with a hypothesis began.
import { type FaultInjectionResource, validateResource } from '@malha/model';
import type { Database } from '../db/client.ts';
import type { Prisma } from '../db/generated/client.ts';
import type { Judged } from './hypothesis.ts';
import { EMPTY_REPORT, type ExperimentReport, reportSchema } from './report.ts';

export interface EndRecord {
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
}

export interface ExperimentRecord {
  readonly id: string;
  /** Key of the FaultInjection. */
  readonly fault: string;
  readonly startedAtMs: number;
  readonly startedBy: string;
  /** As it began. */
  readonly resource: FaultInjectionResource;
  readonly end: EndRecord | undefined;
  /** Undefined while it goes on, or what comes after is not measured yet. */
  readonly judged: Judged | undefined;
  readonly report: ExperimentReport;
}

export interface NewExperiment {
  readonly fault: string;
  readonly startedAtMs: number;
  readonly startedBy: string;
  readonly resource: FaultInjectionResource;
}

type Row = Prisma.ExperimentGetPayload<object>;

export class ExperimentRepository {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Nothing happens when the row is there. */
  async begin({ fault, startedAtMs, startedBy, resource }: NewExperiment): Promise<void> {
    const row = {
      fault,
      startedAt: new Date(startedAtMs),
      startedBy,
      resource: json(resource),
      report: json(EMPTY_REPORT),
    };
    await this.#database.experiment.createMany({ data: [row], skipDuplicates: true });
  }

  async open(): Promise<ExperimentRecord[]> {
    return recordsOf(
      await this.#database.experiment.findMany({ where: { verdict: null }, orderBy: { startedAt: 'asc' } }),
    );
  }

  /** Newest first. */
  async list(limit: number): Promise<ExperimentRecord[]> {
    return recordsOf(await this.#database.experiment.findMany({ orderBy: { startedAt: 'desc' }, take: limit }));
  }

  async find(id: string): Promise<ExperimentRecord | undefined> {
    const row = await this.#database.experiment.findUnique({ where: { id } });
    return row === null ? undefined : recordsOf([row])[0];
  }

  async measured(id: string, report: ExperimentReport): Promise<void> {
    await this.#database.experiment.update({ where: { id }, data: { report: json(report) } });
  }

  async ended(id: string, { atMs, by, reason }: EndRecord): Promise<void> {
    const data = { endedAt: new Date(atMs), endedBy: by, endReason: reason };
    await this.#database.experiment.update({ where: { id }, data });
  }

  async judged(id: string, { verdict, reason }: Judged, report: ExperimentReport): Promise<void> {
    const data = { verdict, verdictReason: reason, report: json(report) };
    await this.#database.experiment.update({ where: { id }, data });
  }
}

/** A row that this version cannot read is left out. */
function recordsOf(rows: readonly Row[]): ExperimentRecord[] {
  return rows.flatMap((row) => {
    const stored = validateResource(row.resource);
    const report = reportSchema.safeParse(row.report);
    if (!stored.ok || stored.resource.kind !== 'FaultInjection' || !report.success) return [];
    const { resource } = stored;
    const { id, fault, startedAt, startedBy, endedAt, endedBy, endReason, verdict, verdictReason } = row;
    return [
      {
        ...{ id, fault, startedAtMs: startedAt.getTime(), startedBy, resource, report: report.data },
        end: endedAt === null ? undefined : { atMs: endedAt.getTime(), by: endedBy, reason: endReason },
        judged: verdict === null ? undefined : { verdict, reason: verdictReason },
      },
    ];
  });
}

/** Resources and reports are plain JSON. */
function json(value: object): Prisma.InputJsonObject {
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonObject;
}
