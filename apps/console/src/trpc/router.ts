// The api's procedures and their types; only types cross from the api (ARCHITECTURE.md, D2).
export type { AppRouter } from '@malha/api';
