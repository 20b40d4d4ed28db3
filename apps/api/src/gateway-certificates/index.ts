// Certificates of gateways: the sealed store, and what operators do with it.
export { GatewayCertificates, viewsOf } from './gateway-certificates.ts';
export { certificateProblems } from './problems.ts';
export { CertificateStore, type GatewayCertificate } from './store.ts';
