// Errors of the identity layer, each with a stable code of docs/errors.md.

export type IdentityErrorCode =
  | 'MALHA3001' // malformed certificate, request, key or bundle
  | 'MALHA3002' // certificate request refused
  | 'MALHA3003' // not a SPIFFE ID of the expected form
  | 'MALHA3004' // peer certificate refused
  | 'MALHA3005' // chain does not lead to a trusted root
  | 'MALHA3006'; // a certificate for clients outside would not serve

/** Every failure of this package. `message` is for the operator; a remote peer only learns that it was refused. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;

  constructor(code: IdentityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
