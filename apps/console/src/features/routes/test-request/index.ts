export { TestRequest } from './test-request.tsx';
