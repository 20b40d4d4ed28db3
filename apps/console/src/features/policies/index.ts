// What other pages use of policies: the link to one, and their list.
export { LazyNewPolicy } from './list/lazy-new-policy.tsx';
export { LazyPoliciesPanel } from './list/lazy-policies-panel.tsx';
export { isPolicyKind, policyHref } from './model/kinds.ts';
