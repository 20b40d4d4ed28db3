'use client';
// The rule's details come after the page can be used; what they say stands there in words until then.
import dynamic from 'next/dynamic';

export const LazyRuleDetails = dynamic(() => import('./rule-details.tsx').then((module) => module.RuleDetails), {
  ssr: false,
  loading: () => <span aria-busy="true" className="col-span-2 h-14" />,
});
