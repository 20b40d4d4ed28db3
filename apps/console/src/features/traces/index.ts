export { TracePage } from './trace-page.tsx';
export { TracesPage } from './traces-page.tsx';
