// While the text is broken, the form shows the last reading that made sense.
import { useRef } from 'react';

export interface ReadDraft<View> {
  readonly reading: { readonly ok: true; readonly view: View } | { readonly ok: false };
  /** Of what the draft began on; null where nothing is stored. */
  readonly baseView: View | null;
}

export function useSoundView<View>({ reading, baseView }: ReadDraft<View>): View | null {
  const last = useRef<View | null>(null);
  if (reading.ok) last.current = reading.view;
  return last.current ?? baseView;
}
