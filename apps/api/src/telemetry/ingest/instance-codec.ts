// How an instance's cumulative counts lie in one row: counters as arrays that SQL can sum, bytes and histograms packed.
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { emptyTotals, type InstanceTotals, type OutcomeCode } from './instance-state.ts';

/** Parallel arrays: one entry per edge and outcome. */
export interface InstanceRow {
  readonly edges: number[];
  readonly outcomes: number[];
  readonly requests: number[];
  readonly retries: number[];
  readonly packed: Buffer;
}

const FORMAT = 1;

export function encodeInstance(totals: InstanceTotals): InstanceRow {
  const row = { edges: [] as number[], outcomes: [] as number[], requests: [] as number[], retries: [] as number[] };
  const writer = new BinaryWriter();
  writer.uint32(FORMAT).uint32(totals.size);
  for (const [edge, edgeTotals] of totals) {
    for (const [code, { requests, retries }] of edgeTotals.outcomes) {
      row.edges.push(edge);
      row.outcomes.push(code);
      row.requests.push(requests);
      row.retries.push(retries);
    }
    writer.uint32(edge).uint64(edgeTotals.requestBytes).uint64(edgeTotals.responseBytes);
    writeSparse(writer, edgeTotals.duration);
    writeSparse(writer, edgeTotals.ttfb);
  }
  const packed = writer.finish();
  return { ...row, packed: Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength) };
}

export function decodeInstance(row: InstanceRow): InstanceTotals {
  const totals: InstanceTotals = new Map();
  const reader = new BinaryReader(row.packed);
  const format = row.packed.length === 0 ? FORMAT : reader.uint32();
  if (format !== FORMAT) throw new Error(`telemetry: an instance row has the unknown format ${format}`);
  for (let left = row.packed.length === 0 ? 0 : reader.uint32(); left > 0; left--) {
    const edge = emptyTotals();
    totals.set(reader.uint32(), edge);
    edge.requestBytes = Number(reader.uint64());
    edge.responseBytes = Number(reader.uint64());
    readSparse(reader, edge.duration);
    readSparse(reader, edge.ttfb);
  }
  for (const [i, edgeId] of row.edges.entries()) {
    const edge = totals.get(edgeId) ?? emptyTotals();
    totals.set(edgeId, edge);
    const counts = { requests: row.requests[i] ?? 0, retries: row.retries[i] ?? 0 };
    edge.outcomes.set((row.outcomes[i] ?? 0) as OutcomeCode, counts);
  }
  return totals;
}

function writeSparse(writer: BinaryWriter, counts: Float64Array): void {
  let used = 0;
  for (const count of counts) if (count > 0) used += 1;
  writer.uint32(used);
  for (const [bucket, count] of counts.entries()) if (count > 0) writer.uint32(bucket).uint64(count);
}

function readSparse(reader: BinaryReader, counts: Float64Array): void {
  for (let left = reader.uint32(); left > 0; left--) {
    const bucket = reader.uint32();
    counts[bucket] = Number(reader.uint64());
  }
}
