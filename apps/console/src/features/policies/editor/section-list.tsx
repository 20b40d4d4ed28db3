'use client';
// The parts of the form, each with how much of it is said; choosing one brings it into view.
import type { Section } from '../model/field.ts';
import { type PolicyView, valueAt } from '../model/policy.ts';
import { saidIn, unshownOf } from '../model/policy-words.ts';

function stateOf(view: PolicyView, section: Section): string {
  const said = saidIn(view.spec, section);
  if (said > 0) return `${said} set`;
  if (!section.isOffByDefault) return 'defaults';
  return valueAt(view.spec, section.root) === undefined ? 'off' : 'on';
}

export function SectionList({ view, sections }: { readonly view: PolicyView; readonly sections: readonly Section[] }) {
  const unshown = unshownOf(view);
  return (
    <nav aria-label="Parts of the policy" className="py-2">
      <ul>
        {sections.map((section) => {
          const state = stateOf(view, section);
          return (
            <li key={section.id}>
              <button
                type="button"
                className="flex h-8 w-full items-center gap-3 px-4 text-left text-12 hover:bg-raised"
                onClick={() => document.getElementById(`section-${section.id}`)?.scrollIntoView({ block: 'start' })}
              >
                <span className="min-w-0 flex-1 truncate text-t1">{section.title}</span>
                <span className={state === 'off' || state === 'defaults' ? 'text-t3' : 'text-t0'}>{state}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {unshown.length > 0 && (
        <p className="px-4 pt-2 text-11 leading-4 text-t3">
          In the YAML alone: <span className="mono">{unshown.join(', ')}</span>.
        </p>
      )}
    </nav>
  );
}
