// Host and port as a request names them, the same for every HTTP version.

/** reg-name, IPv4 or bracketed IPv6, and a port (RFC 3986 §3.2.2); no user information. */
const AUTHORITY = /^(?:[a-z0-9\-._~!$&'()*+,;=%]+|\[[0-9a-f:.]+\])(?::[0-9]{0,5})?$/;
const PLAIN_AUTHORITY = /^[a-z0-9\-._]+(?::[0-9]{1,5})?$/;

/** In lower case; undefined when it is malformed. */
export function normalAuthority(authority: string): string | undefined {
  if (PLAIN_AUTHORITY.test(authority)) return authority;
  const lower = authority.toLowerCase();
  return AUTHORITY.test(lower) ? lower : undefined;
}
