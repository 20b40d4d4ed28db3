// One icon for each kind of route, and for the gateway.
import { Cable, DoorOpen, type LucideIcon, RadioTower, ShieldEllipsis, Split } from 'lucide-react';
import type { EditedKind } from './model/kinds.ts';

export const kindIcons: Readonly<Record<EditedKind, LucideIcon>> = {
  HTTPRoute: Split,
  GRPCRoute: RadioTower,
  TCPRoute: Cable,
  TLSRoute: ShieldEllipsis,
  Gateway: DoorOpen,
};
