// Query parameters: the first value of one name, without parsing the rest into objects.

/** The decoded value of the first parameter called `name`; undefined when there is none. */
export function queryParam(target: string, name: string): string | undefined {
  let at = target.indexOf('?') + 1;
  if (at === 0) return undefined;
  while (at <= target.length) {
    const next = target.indexOf('&', at);
    const end = next === -1 ? target.length : next;
    const equals = target.indexOf('=', at);
    const nameEnd = equals === -1 || equals > end ? end : equals;
    if (decode(target.slice(at, nameEnd)) === name)
      return nameEnd === end ? '' : decode(target.slice(nameEnd + 1, end));
    at = end + 1;
  }
  return undefined;
}

/** As forms encode: "+" is a blank; a malformed escape stays as it is. */
function decode(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
