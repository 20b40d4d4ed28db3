// What every user of xDS needs; generated messages, services and the client have entry points of their own.
export * from './type-urls.ts';
export * from './versions.ts';
