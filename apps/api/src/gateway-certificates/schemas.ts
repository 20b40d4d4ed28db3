// What callers may send about certificates of gateways.
import { z } from 'zod';

/** As of a resource: the names that certificateRefs can have. */
const namespace = z
  .string()
  .max(63)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'is not a name of a namespace');
const name = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, 'is not a name of a certificate');
const PEM_LENGTH_MAX = 64 * 1024;
const pem = z.string().max(PEM_LENGTH_MAX);

export const certificateName = z.strictObject({ namespace, name });
export const certificatePair = z.strictObject({ chain: pem, key: pem });
export const certificateOrder = certificateName.extend(certificatePair.shape);
