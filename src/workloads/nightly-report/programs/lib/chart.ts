import { drawHistogram, drawLines, type Frame } from './draw';
import type { Panel } from './panels';
import type { Summary } from './summary';
import { element, escapeXml, fitted, text } from './svg';

/** One picture of all files: a panel for each, two in a row. */
export function drawChart(title: string, summary: Summary, panels: readonly Panel[]): string {
  const shown = panels.slice(0, MOST_PANELS);
  const notes = notesOf(summary, panels.length - shown.length);
  const rows = Math.ceil(shown.length / COLUMNS);
  const height = HEAD + rows * PANEL_HEIGHT + notes.length * NOTE_HEIGHT + MARGIN / 2;
  const { read, rows: dataRows } = summary.totals;

  const content = [
    element('title', {}, escapeXml(title)),
    `<style>${STYLE}</style>`,
    element('rect', { width: WIDTH, height, class: 'paper' }),
    text(MARGIN, 58, 'head', fitted(title, WIDTH - 2 * MARGIN, 28)),
    text(
      MARGIN,
      84,
      'sub',
      `${timeOf(summary)} · ${counted(read, 'file')}, ${counted(dataRows, 'row')} of data`,
    ),
    ...shown.map((panel, i) => drawPanel(panel, frameAt(i))),
    ...notes.map((note, i) =>
      text(MARGIN, HEAD + rows * PANEL_HEIGHT + (i + 0.5) * NOTE_HEIGHT, 'note', note),
    ),
  ];
  const viewBox = `0 0 ${WIDTH} ${height}`;
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', viewBox, width: WIDTH, height, role: 'img' }, content.join('\n'))}\n`;
}

const WIDTH = 1200;
const COLUMNS = 2;
const MARGIN = 40;
const HEAD = 104;
const PANEL_HEIGHT = 290;
const NOTE_HEIGHT = 20;
/** A picture longer than this nobody scrolls through; the rest is in the summary. */
const MOST_PANELS = 12;
const MOST_NOTES = 10;

/** Only generic fonts: the picture must look the same wherever it is opened. */
const STYLE = [
  'text{font-family:Inter,"Segoe UI","Helvetica Neue",Arial,sans-serif;fill:#1f2933}',
  '.paper{fill:#fff}',
  '.head{font-size:28px;font-weight:700;letter-spacing:-.3px}',
  '.sub{font-size:14px;fill:#52606d}',
  '.title{font-size:16px;font-weight:600}',
  '.detail{font-size:12.5px;fill:#616e7c}',
  '.tick{font-size:11.5px;fill:#7b8794}',
  '.note{font-size:12.5px;fill:#9b5b00}',
  '.name{font-size:12px;font-weight:600}',
  '.grid{stroke:#e4e7eb;stroke-width:1}',
  '.base{stroke:#9aa5b1;stroke-width:1}',
  '.line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}',
  '.bar{fill:#3e7cb1}',
  '.median{stroke:#b4430f;stroke-width:1.5;stroke-dasharray:5 4}',
  '.medianName{font-size:12px;font-weight:600;fill:#b4430f}',
].join('');

function frameAt(i: number): Frame {
  const columnWidth = (WIDTH - MARGIN) / COLUMNS;
  const left = MARGIN + (i % COLUMNS) * columnWidth;
  const top = HEAD + Math.floor(i / COLUMNS) * PANEL_HEIGHT;
  return {
    left: left + 52,
    right: left + columnWidth - MARGIN,
    top: top + 62,
    bottom: top + PANEL_HEIGHT - 46,
  };
}

function drawPanel(panel: Panel, frame: Frame): string {
  const left = frame.left - 52;
  const width = frame.right - left;
  const head = [
    text(left, frame.top - 34, 'title', fitted(panel.title, width, 16)),
    text(left, frame.top - 15, 'detail', fitted(panel.subtitle, width, 12.5)),
  ];
  if (panel.kind === 'lines') head.push(drawLines(panel, frame));
  if (panel.kind === 'histogram') head.push(drawHistogram(panel, frame));
  return element('g', {}, head.join('\n'));
}

/** Notes on the files that the panels do not show. */
function notesOf({ files }: Summary, hidden: number): readonly string[] {
  const skipped = files
    .filter((file) => file.kind === 'skipped')
    .map(({ name, reason }) => fitted(`Skipped ${name}: ${reason}`, WIDTH - 2 * MARGIN, 12.5));
  const notes = hidden > 0 ? [`${counted(hidden, 'more file')} in summary.json.`] : [];
  if (skipped.length <= MOST_NOTES) return [...notes, ...skipped];
  const rest = skipped.length - MOST_NOTES;
  return [
    ...notes,
    ...skipped.slice(0, MOST_NOTES),
    `${rest} more were skipped: see summary.json.`,
  ];
}

function timeOf({ generatedAt }: Summary): string {
  return `${generatedAt.slice(0, 10)} ${generatedAt.slice(11, 16)} UTC`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
