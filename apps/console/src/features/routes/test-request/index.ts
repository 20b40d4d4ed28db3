export { LazyTestRequest } from './lazy-test-request.tsx';
