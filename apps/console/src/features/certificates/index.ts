export { Expiries } from './expiries.tsx';
