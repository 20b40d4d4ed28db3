// What an Envoy holds by what was meant for it: each difference in words, with its place.
import type { JsonValue } from '@bufbuild/protobuf';
import { ENDPOINT_TYPE, ROUTE_TYPE, SECRET_TYPE } from '@malha/xds';
import { IDENTITY_SECRET, TRUST_SECRET } from '@malha/xds/extension-names';
import { type HeldConfiguration, isObject } from './config-dump.ts';
import { endpointsOf, withOwnEndpoints } from './endpoints.ts';
import { type ConfigResource, keyOf } from './resource.ts';
import { shownOf } from './secrets.ts';

/**
 * @param formerly Keys of what was wanted before. A listener that is updated in place goes on serving the connections of the
 * filter chains that it had, with their tables and secrets, and the dump does not tell these from those in use.
 */
export function differencesOf(
  wanted: readonly ConfigResource[],
  { resources, warming, errors }: HeldConfiguration,
  formerly: ReadonlySet<string> = new Set(),
): string[] {
  const differences = [...errors, ...warming.map((name) => `${name} is not in force yet`)];
  const meant = new Map(withOwnEndpoints(wanted).map((each) => [keyOf(each), each]));
  const held = new Map(resources.map((each) => [keyOf(each), each]));
  for (const [key, resource] of meant) {
    const other = held.get(key);
    if (other !== undefined) differences.push(...ofResource(key, resource, other));
    else if (isSomething(resource)) differences.push(`${key}: is missing`);
  }
  for (const [key, resource] of held) {
    if (meant.has(key) || isOfBootstrap(resource)) continue;
    if (mayDrain(resource) && formerly.has(key)) continue;
    if (isSomething(resource)) differences.push(`${key}: is not wanted`);
  }
  return differences;
}

function ofResource(key: string, wanted: ConfigResource, held: ConfigResource): string[] {
  if (wanted.typeUrl === ENDPOINT_TYPE) return differencesIn(key, endpointsOf(wanted.json), endpointsOf(held.json));
  if (wanted.typeUrl === SECRET_TYPE) return differencesIn(key, shownOf(wanted.json), shownOf(held.json));
  return differencesIn(key, wanted.json, held.json);
}

function differencesIn(place: string, wanted: JsonValue | undefined, held: JsonValue | undefined): string[] {
  if (Array.isArray(wanted) && Array.isArray(held)) {
    const length = Math.max(wanted.length, held.length);
    return Array.from({ length }).flatMap((_, at) => differencesIn(`${place}[${at}]`, wanted[at], held[at]));
  }
  if (isObject(wanted) && isObject(held)) {
    const names = new Set([...Object.keys(wanted), ...Object.keys(held)]);
    return [...names].flatMap((name) => differencesIn(`${place}.${name}`, wanted[name], held[name]));
  }
  return isSame(wanted, held) ? [] : [`${place}: wanted ${wordsOf(wanted)}, held ${wordsOf(held)}`];
}

/** A float has as many digits in one JSON as its double, in the other as it needs. */
function isSame(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.fround(a) === Math.fround(b);
  return a === b;
}

function wordsOf(value: JsonValue | undefined): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

/** A cluster without endpoints may be listed or not. */
function isSomething({ typeUrl, json }: ConfigResource): boolean {
  return typeUrl !== ENDPOINT_TYPE || Object.keys(endpointsOf(json)).length > 0;
}

function isOfBootstrap({ typeUrl, name }: ConfigResource): boolean {
  return typeUrl === SECRET_TYPE && (name === IDENTITY_SECRET || name === TRUST_SECRET);
}

function mayDrain({ typeUrl }: ConfigResource): boolean {
  return typeUrl === ROUTE_TYPE || typeUrl === SECRET_TYPE;
}
