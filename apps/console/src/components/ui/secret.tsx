'use client';
// Something that is shown once: in monospace, to be copied whole.
import { Copy } from 'lucide-react';
import { Button } from './button.tsx';
import { notify } from './toast.tsx';

export function Secret({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div className="grid gap-1.5">
      <div className="flex items-center justify-between text-12 font-medium text-t2">
        {label}
        <Button
          size="s"
          onClick={() =>
            void navigator.clipboard
              .writeText(text)
              .then(() => notify({ tone: 'ok', title: `${label} copied`, id: 'copied' }))
          }
        >
          <Copy aria-hidden="true" strokeWidth={1.75} />
          Copy
        </Button>
      </div>
      <pre className="overflow-auto whitespace-pre-wrap break-all rounded-2 border border-control bg-code px-3 py-2 font-mono text-12 leading-5 text-t0">
        {text}
      </pre>
    </div>
  );
}
