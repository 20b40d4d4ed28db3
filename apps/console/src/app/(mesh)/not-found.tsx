import { Compass } from 'lucide-react';
import { ButtonLink } from '#components/ui/button.tsx';
import { Empty } from '#components/ui/states.tsx';

export default function NotFound() {
  return (
    <Empty
      icon={<Compass aria-hidden="true" size={18} />}
      title="There is no such page"
      action={<ButtonLink href="/">Overview</ButtonLink>}
    >
      The address may be from an older version, or mistyped.
    </Empty>
  );
}
