// The one way in which a Content-Length is read, whatever the HTTP version.

/** 15 digits stay exact in a double. */
const LENGTH_DIGITS_MAX = 15;

/** Digits and nothing else (RFC 9110 §8.6); undefined when it is malformed. */
export function parseContentLength(value: string): number | undefined {
  if (value.length === 0 || value.length > LENGTH_DIGITS_MAX) return undefined;
  let length = 0;
  for (let index = 0; index < value.length; index++) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    length = length * 10 + digit;
  }
  return length;
}
