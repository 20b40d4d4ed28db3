export { CertificatesPage } from './certificates-page.tsx';
export { Expiries } from './expiries.tsx';
