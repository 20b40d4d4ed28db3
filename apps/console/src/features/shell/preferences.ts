// What the browser remembers of an operator's taste, in cookies so that the first paint is right.
export type Theme = 'system' | 'dark' | 'light';
export type RailPreference = 'auto' | 'mini' | 'full';

const YEAR_SECONDS = 31_536_000;

function remember(name: string, value: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
}

export function readTheme(value: string | undefined): Theme {
  return value === 'dark' || value === 'light' ? value : 'system';
}

export function readRail(value: string | undefined): RailPreference {
  return value === 'mini' || value === 'full' ? value : 'auto';
}

export function rememberTheme(theme: Theme): void {
  remember('malha-theme', theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function rememberRail(rail: RailPreference): void {
  remember('malha-rail', rail);
}
