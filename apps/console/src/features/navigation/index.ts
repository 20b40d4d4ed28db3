export { type Crumb, crumbsOf, isTool, PLACE_GROUPS, PLACES, type Place, placeOf } from './places.ts';
