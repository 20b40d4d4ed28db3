export { groupByNamespace } from './group-by-namespace.tsx';
export { Identity } from './identity.tsx';
export { ServiceTable } from './service-table.tsx';
export { worstFirst } from './worst-first.ts';
