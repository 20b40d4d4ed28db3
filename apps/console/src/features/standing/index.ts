// What other pages use of protection that is not at rest: open breakers, ejected endpoints, and their words.
export {
  type BreakerStanding,
  breakersOn,
  type Call,
  type CallStanding,
  ejectedOn,
  standingOn,
} from './call-standing.ts';
export { breakerInWords, breakerName, ejectionInWords, stateInWords } from './standing-words.ts';
export { type Standing, useStanding } from './use-standing.ts';
