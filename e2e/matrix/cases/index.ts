// Every section of the matrix.
import type { Section } from '../src/case.ts';
import { pathMatching } from './path-matching.ts';

export const SECTIONS: readonly Section[] = [pathMatching];
