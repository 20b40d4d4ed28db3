// Header changes that a route asks for, kept away from what frames the message or belongs to the connection.
import type { HeaderMutation, HeaderValue } from '@malha/traffic/config';
import type { HeaderBlock } from '../exchange/header-block.ts';
import { CONTENT_LENGTH, HOP_BY_HOP, HOST, knownHeader } from '../exchange/known-headers.ts';

/** A route that changed these could make two parties see two different messages. */
const FORBIDDEN = CONTENT_LENGTH | HOP_BY_HOP | HOST;

const checked = new WeakMap<HeaderMutation, HeaderMutation>();

/** In the order set, add, remove. */
export function mutateHeaders(headers: HeaderBlock, mutation: HeaderMutation): void {
  if (mutation.set.length + mutation.add.length + mutation.remove.length === 0) return;
  const { set, add, remove } = allowedPart(mutation);
  for (const { name, value } of set) headers.set(name, value);
  for (const { name, value } of add) headers.add(name, value);
  for (const name of remove) headers.remove(name);
}

function allowedPart(mutation: HeaderMutation): HeaderMutation {
  const known = checked.get(mutation);
  if (known !== undefined) return known;
  const isAllowed = (name: string) => (knownHeader(name) & FORBIDDEN) === 0;
  const isUsable = ({ name, value }: HeaderValue) => isAllowed(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
  const allowed = {
    set: mutation.set.filter(isUsable),
    add: mutation.add.filter(isUsable),
    remove: mutation.remove.filter(isAllowed),
  };
  checked.set(mutation, allowed);
  return allowed;
}
