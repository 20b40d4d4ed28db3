import { notFound } from 'next/navigation';

/** Unknown addresses are answered inside the shell, so that the way back is there. */
export default function Page() {
  notFound();
}
