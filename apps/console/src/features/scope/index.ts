export { NamespaceMenu, TimeMenu } from './scope-controls.tsx';
export { ScopedLink } from './scoped-link.tsx';
export { type ScopeControl, useScope, useViewParameter } from './use-scope.ts';
