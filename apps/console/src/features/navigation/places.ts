// The pages of the console, in the order of the rail, with the key that follows `g`.
import {
  BadgeCheck,
  Boxes,
  ChartGantt,
  Cpu,
  History,
  LayoutDashboard,
  type LucideIcon,
  Settings2,
  Shield,
  Split,
  Workflow,
} from 'lucide-react';

export interface Place {
  readonly href: string;
  readonly name: string;
  readonly key: string;
  readonly icon: LucideIcon;
  /** What an operator would ask to get here. */
  readonly question: string;
}

export interface PlaceGroup {
  readonly name: string;
  readonly places: readonly Place[];
}

export const PLACE_GROUPS: readonly PlaceGroup[] = [
  {
    name: 'Observe',
    places: [
      { href: '/', name: 'Overview', key: 'o', icon: LayoutDashboard, question: 'Is the mesh well?' },
      { href: '/topology', name: 'Topology', key: 't', icon: Workflow, question: 'What talks to what?' },
      { href: '/services', name: 'Services', key: 's', icon: Boxes, question: 'How is each service doing?' },
      { href: '/traces', name: 'Traces', key: 'x', icon: ChartGantt, question: 'Why was this slow or broken?' },
    ],
  },
  {
    name: 'Traffic',
    places: [
      { href: '/routes', name: 'Routes', key: 'r', icon: Split, question: 'Where does traffic go?' },
      {
        href: '/resilience',
        name: 'Resilience',
        key: 'e',
        icon: Shield,
        question: 'What protects each call, and does it hold?',
      },
    ],
  },
  {
    name: 'Trust',
    places: [
      { href: '/certificates', name: 'Certificates', key: 'c', icon: BadgeCheck, question: 'Is identity sound?' },
    ],
  },
  {
    name: 'Operate',
    places: [
      { href: '/proxies', name: 'Proxies', key: 'p', icon: Cpu, question: 'Did my change arrive?' },
      { href: '/changes', name: 'Changes', key: 'h', icon: History, question: 'Who changed what, when?' },
      { href: '/settings', name: 'Settings', key: ',', icon: Settings2, question: 'Who may do what?' },
    ],
  },
];

export const PLACES: readonly Place[] = PLACE_GROUPS.flatMap((group) => group.places);

export function placeOf(pathname: string): Place | undefined {
  const first = `/${pathname.split('/')[1] ?? ''}`;
  return PLACES.find((place) => place.href === first);
}

/** Tools fill the window, so they start with the narrow rail. */
export function isTool(pathname: string): boolean {
  return /^\/(topology|proxies|routes\/.|traces\/.|resilience\/.)/.test(pathname);
}

export interface Crumb {
  /** The path up to here. */
  readonly id: string;
  readonly name: string;
  /** Absent for the page itself, and for a kind, which has no list of its own. */
  readonly href?: string;
  readonly isMachineName: boolean;
}

/** Trace ids are long and told apart by their beginning. */
const HEX_ID = /^[0-9a-f]{32}$/;
/** Of an experiment: before it stands no namespace. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function shortened(name: string, place: Place): string {
  // A revision is called r5 wherever else it stands.
  if (place.href === '/changes') return `r${name}`;
  if (HEX_ID.test(name)) return name.slice(0, 12);
  return UUID.test(name) ? name.slice(0, 8) : name;
}

/** `/routes/bookstore/reviews` reads Routes › bookstore › reviews. */
export function crumbsOf(pathname: string): readonly Crumb[] {
  const place = placeOf(pathname);
  if (place === undefined) return [];
  const parts = pathname.split('/').slice(2).filter(Boolean).map(decodeURIComponent);
  const hasNamespace = !UUID.test(parts.at(-1) ?? '');
  const crumbs: Crumb[] = parts.map((name, index) => ({
    id: parts.slice(0, index + 1).join('/'),
    name: shortened(name, place),
    isMachineName: true,
    // A namespace between place and name shows that namespace's list; before it may stand a kind.
    ...(hasNamespace && index === parts.length - 2 && { href: `${place.href}?ns=${encodeURIComponent(name)}` }),
  }));
  return [{ id: '', name: place.name, isMachineName: false, ...(parts.length > 0 && { href: place.href }) }, ...crumbs];
}
