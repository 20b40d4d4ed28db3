'use client';
// Where to go from the editor of an object that does not exist: the list, and who deleted it when.
import { ButtonLink } from '#components/ui/button.tsx';
import { useScope } from '#features/scope/index.ts';

export interface ElsewhereLinksProps {
  readonly resourceKey: string;
  readonly listHref: string;
  readonly list: string;
}

export function ElsewhereLinks({ resourceKey, listHref, list }: ElsewhereLinksProps) {
  const scope = useScope();
  return (
    <>
      <ButtonLink href={scope.href(listHref)}>{list}</ButtonLink>
      <ButtonLink href={scope.href(`/changes?object=${encodeURIComponent(resourceKey)}`)}>Its history</ButtonLink>
    </>
  );
}
