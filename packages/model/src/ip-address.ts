// Whether a text is an IP address (RFC 791, RFC 4291), without node:net, so that browsers can validate too.

const V4 = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/;
const GROUP = /^[0-9a-fA-F]{1,4}$/;

/** 4 or 6 for an address of that version, 0 for anything else. Zones (`%eth0`) are not taken. */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (V4.test(text)) return 4;
  return text.length <= 45 && isV6(text) ? 6 : 0;
}

function isV6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const [left = '', right] = halves;
  const groups = [...groupsOf(left), ...groupsOf(right ?? '')];
  const last = groups.at(-1) ?? '';
  const isDotted = last.includes('.');
  if (isDotted && (!V4.test(last) || text.endsWith('::'))) return false;
  const hex = isDotted ? groups.slice(0, -1) : groups;
  const size = hex.length + (isDotted ? 2 : 0);
  return hex.every((group) => GROUP.test(group)) && (right === undefined ? size === 8 : size <= 7);
}

function groupsOf(half: string): string[] {
  return half === '' ? [] : half.split(':');
}
