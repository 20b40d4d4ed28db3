// Object identifiers used in certificates and requests, with the RFC that defines each.

/** RFC 5480: id-ecPublicKey. */
export const OID_EC_PUBLIC_KEY = '1.2.840.10045.2.1';
/** RFC 5480: secp256r1. */
export const OID_P256 = '1.2.840.10045.3.1.7';
/** RFC 5758: ecdsa-with-SHA256; its parameters are absent. */
export const OID_ECDSA_SHA256 = '1.2.840.10045.4.3.2';

export const OID_COMMON_NAME = '2.5.4.3';
export const OID_ORGANIZATION = '2.5.4.10';

export const OID_SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
export const OID_KEY_USAGE = '2.5.29.15';
export const OID_SUBJECT_ALT_NAME = '2.5.29.17';
export const OID_BASIC_CONSTRAINTS = '2.5.29.19';
export const OID_NAME_CONSTRAINTS = '2.5.29.30';
export const OID_AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';
export const OID_EXTENDED_KEY_USAGE = '2.5.29.37';

export const OID_SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const OID_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** RFC 2985: attribute of a request that carries the extensions asked for. */
export const OID_EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
