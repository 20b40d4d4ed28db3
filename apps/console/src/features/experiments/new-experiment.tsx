'use client';
// Begins an experiment: asks for whose calls it is, and opens the editor with a first text.
import { FlaskConical } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#components/ui/button.tsx';
import { LazyNewPolicy } from '#features/policies/index.ts';
import { useSession } from '#features/session/index.ts';

export function NewExperiment() {
  const { may } = useSession();
  const [isOpen, setOpen] = useState(false);
  const isAllowed = may('operator');
  return (
    <>
      <Button
        disabled={!isAllowed}
        title={isAllowed ? undefined : 'An experiment needs the role operator'}
        onClick={() => setOpen(true)}
      >
        <FlaskConical aria-hidden="true" strokeWidth={1.75} />
        New experiment
      </Button>
      {isOpen && <LazyNewPolicy isExperiment onClose={() => setOpen(false)} />}
    </>
  );
}
