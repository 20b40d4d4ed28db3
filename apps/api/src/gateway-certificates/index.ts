// Certificates of gateways: the sealed store, and what operators do with it.
export { GatewayCertificates } from './gateway-certificates.ts';
export { CertificateStore, type GatewayCertificate } from './store.ts';
