// Charts of the study as SVG, without a browser: bars for what each setting gives, lines for how a storm ends. Colours hold on
// light and on dark pages.

export interface Bar {
  readonly label: string;
  /** In [0, 1]: the length; the text beside it says the value. */
  readonly share: number;
  readonly text: string;
}

export interface Panel {
  readonly title: string;
  /** By rows; as many in each panel. */
  readonly bars: readonly Bar[];
}

export interface Line {
  readonly label: string;
  readonly values: readonly number[];
}

const STYLE = `<style>
  text { font: 12px system-ui, sans-serif; fill: #57606a }
  .title { font-weight: 600; fill: #24292f }
  .axis { stroke: #8c959f; stroke-opacity: .5 }
  @media (prefers-color-scheme: dark) { text { fill: #9da7b3 } .title { fill: #e6edf3 } }
</style>`;
/** Of enough contrast on white and on near-black, told apart also by those who see no red or green (Okabe and Ito). */
const COLOURS = ['#0a7cc4', '#d55e00', '#009e73', '#b8860b', '#b35c9e'] as const;
const WIDTH = 760;
const LABELS_WIDTH = 150;
const ROW_HEIGHT = 20;
const BAR_HEIGHT = 12;
const HEAD_HEIGHT = 52;
const VALUE_WIDTH = 64;

export function barChart(title: string, panels: readonly Panel[]): string {
  const rows = panels[0]?.bars ?? [];
  const panelWidth = (WIDTH - LABELS_WIDTH) / Math.max(1, panels.length);
  const labels = rows.map(({ label }, row) => textAt(LABELS_WIDTH - 8, baseline(row), label, 'text-anchor="end"'));
  const bars = panels.flatMap(({ title: words, bars: values }, index) => {
    const x = LABELS_WIDTH + index * panelWidth;
    const widest = panelWidth - VALUE_WIDTH;
    const drawn = values.map(({ share, text }, row) => {
      const width = Math.max(1, Math.min(1, share) * widest);
      const y = HEAD_HEIGHT + row * ROW_HEIGHT + (ROW_HEIGHT - BAR_HEIGHT) / 2;
      const bar = `<rect x="${fix(x)}" y="${fix(y)}" width="${fix(width)}" height="${BAR_HEIGHT}" rx="2" fill="${colour(index)}"/>`;
      return bar + textAt(x + width + 4, baseline(row), text);
    });
    return [textAt(x, HEAD_HEIGHT - 8, words), ...drawn];
  });
  return svg(title, HEAD_HEIGHT + rows.length * ROW_HEIGHT + 8, [...labels, ...bars]);
}

const PLOT = { left: 44, right: 170, top: 44, height: 190, bottom: 34 } as const;

/** One value a second; `unit` names the axis of values. */
export function lineChart(title: string, lines: readonly Line[], { max, unit }: { max: number; unit: string }): string {
  const seconds = Math.max(2, ...lines.map(({ values }) => values.length));
  const width = WIDTH - PLOT.left - PLOT.right;
  const x = (second: number) => PLOT.left + (second / (seconds - 1)) * width;
  const y = (value: number) => PLOT.top + PLOT.height * (1 - Math.min(value, max) / max);
  const grid = [0, max / 2, max].map(
    (value) =>
      `<line class="axis" x1="${PLOT.left}" x2="${fix(PLOT.left + width)}" y1="${fix(y(value))}" y2="${fix(y(value))}"/>` +
      textAt(PLOT.left - 6, y(value) + 4, fix(value), 'text-anchor="end"'),
  );
  const bottom = PLOT.top + PLOT.height + 18;
  const ticks = Array.from({ length: Math.ceil(seconds / 2) }, (_, index) =>
    textAt(x(index * 2), bottom, String(index * 2 + 1), 'text-anchor="middle"'),
  );
  const drawn = lines.map(({ label, values }, index) => {
    const points = values.map((value, second) => `${fix(x(second))},${fix(y(value))}`).join(' ');
    const key = PLOT.top + 8 + index * ROW_HEIGHT;
    const legend = `<rect x="${WIDTH - PLOT.right + 16}" y="${key - 8}" width="12" height="4" fill="${colour(index)}"/>`;
    const path = `<polyline points="${points}" fill="none" stroke="${colour(index)}" stroke-width="2"/>`;
    return path + legend + textAt(WIDTH - PLOT.right + 34, key, label);
  });
  const words = [
    textAt(PLOT.left, PLOT.top - 8, unit),
    textAt(PLOT.left + width, bottom + 14, 'second', 'text-anchor="end"'),
  ];
  return svg(title, PLOT.top + PLOT.height + PLOT.bottom, [...grid, ...ticks, ...drawn, ...words]);
}

function svg(title: string, height: number, content: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">`;
  return `${[head, STYLE, textAt(0, 18, title, 'class="title"'), ...content, '</svg>'].join('\n')}\n`;
}

function baseline(row: number): number {
  return HEAD_HEIGHT + row * ROW_HEIGHT + ROW_HEIGHT / 2 + 4;
}

function textAt(x: number, y: number, words: string, attributes = ''): string {
  return `<text x="${fix(x)}" y="${fix(y)}" ${attributes}>${escaped(words)}</text>`;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? COLOURS[0];
}

function fix(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
