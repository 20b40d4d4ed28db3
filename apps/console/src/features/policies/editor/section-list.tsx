'use client';
// The parts of the form, each with how much of it is said; choosing one brings it into view.
import type { Section } from '../model/field.ts';
import { listAt, type PolicyView, textAt, valueAt } from '../model/policy.ts';
import { saidIn, unshownOf } from '../model/sections.ts';

function stateOf(view: PolicyView, section: Section): string {
  const said = saidIn(view.spec, section);
  if (said > 0) return `${said} set`;
  if (!section.isOffByDefault) return 'defaults';
  return valueAt(view.spec, section.root) === undefined ? 'off' : 'on';
}

/** Each limit of requests by its name, before the parts that every RateLimit has. */
function limitsOf({ kind, spec }: PolicyView): readonly Part[] {
  if (kind !== 'RateLimit') return [];
  return listAt(spec, ['limits']).map((limit, index) => ({
    id: `limit-${index}`,
    title: textAt(limit, ['name']),
    state: `${textAt(limit, ['requests'])} in ${textAt(limit, ['interval']) || '1s'}`,
    isSaid: true,
  }));
}

interface Part {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly isSaid: boolean;
}

export function SectionList({ view, sections }: { readonly view: PolicyView; readonly sections: readonly Section[] }) {
  const unshown = unshownOf(view);
  const parts: readonly Part[] = [
    ...limitsOf(view),
    ...sections.map((section) => {
      const state = stateOf(view, section);
      return { id: section.id, title: section.title, state, isSaid: state !== 'off' && state !== 'defaults' };
    }),
  ];
  return (
    <nav aria-label="Parts of the policy" className="py-2">
      <ul>
        {parts.map(({ id, title, state, isSaid }) => (
          <li key={id}>
            <button
              type="button"
              className="flex h-8 w-full items-center gap-3 px-4 text-left text-12 hover:bg-raised"
              onClick={() => document.getElementById(`section-${id}`)?.scrollIntoView({ block: 'start' })}
            >
              <span className="min-w-0 flex-1 truncate text-t1">{title}</span>
              <span className={isSaid ? 'text-t0' : 'text-t3'}>{state}</span>
            </button>
          </li>
        ))}
      </ul>
      {unshown.length > 0 && (
        <p className="px-4 pt-2 text-11 leading-4 text-t3">
          In the YAML alone: <span className="mono">{unshown.join(', ')}</span>.
        </p>
      )}
    </nav>
  );
}
