// DirectResponse: an answer that proxies give by themselves, referred to by the filter ExtensionRef of a route of its namespace.
import { z } from 'zod';
import { headerValue } from './http-route-filter.ts';
import { MALHA_API_VERSION, namespacedMetadata } from './metadata.ts';
import { headerName } from './scalars.ts';

/** Of the body, in UTF-8: it is part of the configuration of every proxy that serves the route. */
export const DIRECT_RESPONSE_BODY_BYTES_MAX = 16_384;

/** They frame the message or belong to the connection: proxies set them. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const header = z.strictObject({
  name: headerName.refine((name) => !FRAMING.has(name.toLowerCase()), 'is set by the proxy itself'),
  value: headerValue,
});

const headers = z
  .array(header)
  .max(16)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.forEach(({ name }, index) => {
      const key = name.toLowerCase();
      if (seen.has(key))
        context.addIssue({ code: 'custom', path: [index, 'name'], message: `repeats header "${key}"` });
      seen.add(key);
    });
  });

/** RFC 9110 §15.3.5, §15.3.6 and §15.4.5. */
const BODYLESS: ReadonlySet<number> = new Set([204, 205, 304]);

const spec = z
  .strictObject({
    status: z.int().min(200).max(599),
    /** `text/plain; charset=utf-8` unless a header `content-type` says otherwise. */
    body: z
      .string()
      .refine(
        (body) => utf8Bytes(body) <= DIRECT_RESPONSE_BODY_BYTES_MAX,
        `must have at most ${DIRECT_RESPONSE_BODY_BYTES_MAX} bytes`,
      )
      .optional(),
    headers: headers.optional(),
  })
  .refine(({ status, body = '' }) => body === '' || !BODYLESS.has(status), {
    path: ['body'],
    message: 'cannot be sent with this status',
  });

export const directResponseSchema = z.strictObject({
  apiVersion: z.literal(MALHA_API_VERSION),
  kind: z.literal('DirectResponse'),
  metadata: namespacedMetadata,
  spec,
});
export type DirectResponseResource = z.infer<typeof directResponseSchema>;

/** Also in a browser; a surrogate without its other half is replaced by three bytes. */
function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x80) bytes += 1;
    else if (point < 0x800) bytes += 2;
    else bytes += point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
