// Parses the labels of a data point once: the same series comes each second with the same bytes.
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { parseFlags } from '@malha/traffic/flags';
import { type EdgeKey, type EdgeLabels, type EdgeProtocol, edgeKeyOf } from '../report.ts';
import { type Attributes, MalformedOtlp, readAttribute, text, whole } from './wire.ts';

/** Label sets kept; when more come the cache begins anew. */
const LABEL_SETS_MAX = 20_000;
/** Longer values are refused: they become rows of the store. */
const VALUE_LENGTH_MAX = 600;
const STATUS_MAX = 999;
const PORT_MAX = 65_535;

export interface PointLabels {
  readonly key: EdgeKey;
  readonly edge: EdgeLabels;
  readonly status: number;
  readonly flags: number;
}

export class LabelCache {
  readonly #known = new Map<string, PointLabels>();

  /** `bytes`: the encoded attribute fields of one data point, tags included. Throws MalformedOtlp for labels out of bounds. */
  labelsOf(bytes: Uint8Array): PointLabels {
    const cacheKey = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    const known = this.#known.get(cacheKey);
    if (known !== undefined) return known;
    const labels = parseLabels(bytes);
    if (this.#known.size >= LABEL_SETS_MAX) this.#known.clear();
    this.#known.set(cacheKey, labels);
    return labels;
  }
}

function parseLabels(bytes: Uint8Array): PointLabels {
  const attributes: Attributes = new Map();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    reader.tag();
    readAttribute(reader, attributes);
  }
  for (const [key, value] of attributes) {
    if (typeof value !== 'string') continue;
    if (value.length > VALUE_LENGTH_MAX)
      throw new MalformedOtlp(`${key} is longer than ${VALUE_LENGTH_MAX} characters`);
    if (value.includes('\0')) throw new MalformedOtlp(`${key} holds a NUL`);
  }
  const reporter = text(attributes, 'malha.reporter');
  if (reporter !== 'source' && reporter !== 'destination') throw new MalformedOtlp('malha.reporter is missing');
  const edge: EdgeLabels = {
    reporter,
    source: endOf(attributes, 'source'),
    destination: { ...endOf(attributes, 'destination'), port: bounded(attributes, 'destination.port', PORT_MAX) },
    peerPrincipal: text(attributes, 'malha.peer.principal'),
    protocol: protocolOf(text(attributes, 'malha.protocol')),
    route: text(attributes, 'malha.route'),
    mtls: attributes.get('malha.mtls') === true,
  };
  const status = bounded(attributes, 'http.status', STATUS_MAX);
  return { key: edgeKeyOf(edge), edge, status, flags: parseFlags(text(attributes, 'malha.flags')) };
}

function endOf(attributes: Attributes, side: 'source' | 'destination') {
  return {
    namespace: text(attributes, `${side}.namespace`),
    service: text(attributes, `${side}.service`),
    version: text(attributes, `${side}.version`),
    workload: text(attributes, `${side}.workload`),
  };
}

function bounded(attributes: Attributes, key: string, max: number): number {
  const value = whole(attributes, key);
  if (value < 0 || value > max) throw new MalformedOtlp(`${key} is out of range`);
  return value;
}

const PROTOCOLS: ReadonlySet<string> = new Set<EdgeProtocol>(['http', 'http1', 'http2', 'grpc', 'tcp']);

function isProtocol(value: string): value is EdgeProtocol {
  return PROTOCOLS.has(value);
}

function protocolOf(value: string): EdgeProtocol {
  return isProtocol(value) ? value : 'http';
}
