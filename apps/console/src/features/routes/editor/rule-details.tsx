'use client';
// The heavier half of a rule's form, in a chunk of its own: for whom it is, and what it does to what passes.
import { AudienceSection, type AudienceSectionProps } from './audience-section.tsx';
import { FiltersSection } from './filters-section.tsx';

export function RuleDetails(props: AudienceSectionProps) {
  return (
    <>
      <AudienceSection {...props} />
      <FiltersSection {...props} />
    </>
  );
}
