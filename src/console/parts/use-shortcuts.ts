import { useEffect } from 'preact/hooks';
import { BASE } from '../data/addresses';
import { refreshAll } from '../data/query';
import { openPalette } from './palette';
import { openShortcutHelp } from './shortcut-help';

const views: Readonly<Record<string, string>> = {
  h: BASE,
  r: `${BASE}/runs`,
  c: `${BASE}/costs`,
};

/** Listens to the keys of the console. What is typed into a field is left alone. */
export function useShortcuts(): void {
  useEffect(() => {
    let before = '';
    const onKeyDown = (event: KeyboardEvent) => {
      const isPalette = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
      if (isPalette) {
        event.preventDefault();
        openPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      press(event.key, before);
      before = event.key;
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function press(key: string, before: string): void {
  const view = before === 'g' ? views[key] : undefined;
  if (view !== undefined) open(view);
  else if (key === 'j') moveFocus(1);
  else if (key === 'k') moveFocus(-1);
  else if (key === 'r') refreshAll();
  else if (key === '?') openShortcutHelp();
}

/** The router listens to clicks of links; a link of the page leads to each of these. */
function open(address: string): void {
  document.querySelector<HTMLAnchorElement>(`a[href="${address}"]`)?.click();
}

/** Moves through the links that open the rows of lists. */
function moveFocus(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at === -1 && step < 0 ? rows.length - 1 : at + step;
  rows[Math.max(0, Math.min(next, rows.length - 1))]?.focus();
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches('input, textarea, select') || target.closest('dialog') !== null;
}
