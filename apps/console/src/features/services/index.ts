export { groupByNamespace } from './group-by-namespace.tsx';
export { Identity } from './identity.tsx';
export { ServicePage } from './service-page.tsx';
export { ServiceTable } from './service-table.tsx';
export { ServicesPage } from './services-page.tsx';
export { worstFirst } from './worst-first.ts';
