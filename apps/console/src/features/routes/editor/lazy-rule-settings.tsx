'use client';
// Time-outs, retries and cohort come with the rule's details, after the page can be used.
import dynamic from 'next/dynamic';

export const LazyRuleSettings = dynamic(() => import('./rule-settings.tsx').then((module) => module.RuleSettings), {
  ssr: false,
  loading: () => <div aria-busy="true" className="h-24 border-line border-t" />,
});
