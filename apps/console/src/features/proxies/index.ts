export { type ProxySquare, ProxySquares } from './proxy-squares.tsx';
export { useProxies } from './use-proxies.ts';
