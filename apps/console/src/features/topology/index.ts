export { TopologyPage } from './topology-page.tsx';
