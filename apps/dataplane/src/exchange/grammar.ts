// Byte classes of RFC 9110 §5.6 and RFC 9112: one table look-up per byte.

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;

/** tchar: method and field-name bytes. */
export const IS_TOKEN = table((byte) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)));

/** HTAB, SP, VCHAR and obs-text: what a field value or a reason phrase may hold. */
export const IS_FIELD_VALUE = table((byte) => byte === TAB || (byte >= SP && byte !== 0x7f));

/** Visible ASCII without `#`: a request target never carries a fragment. */
export const IS_TARGET = table((byte) => byte > SP && byte < 0x7f && byte !== 0x23);

export const IS_DIGIT = table((byte) => byte >= 0x30 && byte <= 0x39);

/** Value of a hexadecimal digit, 255 for any other byte. */
export const HEX_VALUE = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase());
  return digit === -1 || byte > 0x7f ? 255 : digit;
});

function table(accepts: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (accepts(byte) ? 1 : 0));
}

/** Whether the whole text is one token. */
export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let index = 0; index < text.length; index++) if (IS_TOKEN[text.charCodeAt(index)] !== 1) return false;
  return true;
}
