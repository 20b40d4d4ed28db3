export { readRail, readTheme } from './preferences.ts';
export { Shell } from './shell.tsx';
