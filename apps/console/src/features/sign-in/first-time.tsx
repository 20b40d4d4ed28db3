// Beside the form: where the first password is, for whoever has just started Malha.
import { Terminal } from 'lucide-react';

const steps = [
  {
    title: 'Sign in with it',
    text: 'Four groups of five letters and digits. Malha keeps only a hash.',
  },
  { title: 'See your services', text: 'The bookstore example is in the mesh already; the topology shows its calls.' },
  { title: 'Say who may do what', text: 'Viewer, editor, operator or admin, under Settings.' },
];

export function FirstTime() {
  return (
    <aside aria-label="First time here" className="flex min-h-0 border-line border-l bg-panel max-[1000px]:hidden">
      <div className="m-auto w-[496px] px-6 py-6">
        <h2 className="text-16 font-semi text-t0">First time here?</h2>
        <p className="mt-1 mb-4 text-t2">Malha made one account when it started, and printed its password once.</p>
        <div className="overflow-hidden rounded-3 border border-control bg-code">
          <div className="flex h-8 items-center gap-2 border-line border-b bg-raised px-3 text-11 text-t3">
            <Terminal aria-hidden="true" size={14} />
            Where you started Malha
          </div>
          <pre className="px-3 py-2.5 font-mono text-12 leading-5 text-t2">
            $ <b className="font-medium text-t0">npm start</b>
            {'\n'}Console{'   '}
            <b className="font-medium text-t0">http://localhost:4400</b>
            {'\n'}Sign in{'   '}
            <b className="font-medium text-t0">admin@malha.local</b>
            {'\n'}Password{'  '}
            <mark className="rounded-[3px] bg-accent-tint px-1 py-px text-accent-text">•••••-•••••-•••••-•••••</mark>
            {'\n'}
            {'          '}in your terminal only
          </pre>
        </div>
        <ol className="mt-5 grid grid-cols-[22px_minmax(0,1fr)] gap-x-3">
          {steps.map((step, index) => (
            <li key={step.title} className="contents">
              <span
                className={`grid size-[22px] place-items-center rounded-full text-11 font-semi ${index === 0 ? 'bg-accent-strong text-[var(--on-accent)]' : 'text-t2 shadow-[inset_0_0_0_1px_var(--line-control)]'}`}
              >
                {index + 1}
              </span>
              <div className="relative pb-4 text-12 leading-[18px] text-t2">
                {index < steps.length - 1 && (
                  <i
                    aria-hidden="true"
                    className="absolute top-[26px] bottom-1 -left-[23px] w-px bg-[var(--line-control)]"
                  />
                )}
                <b className="block text-13 font-medium leading-[22px] text-t0">{step.title}</b>
                {step.text}
              </div>
            </li>
          ))}
        </ol>
      </div>
    </aside>
  );
}
