export { LazyTestConnection } from './lazy-test-connection.tsx';
export { LazyTestRequest } from './lazy-test-request.tsx';
