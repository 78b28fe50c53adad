import { signal } from '@preact/signals';

type Theme = 'auto' | 'dark' | 'light';

const STORED = 'nightshift-theme';
const next: Readonly<Record<Theme, Theme>> = { auto: 'dark', dark: 'light', light: 'auto' };
const theme = signal<Theme>(themeOf(localStorage.getItem(STORED)));
apply(theme.value);

/** Follows the system, or is dark or light. */
export function ThemeButton() {
  return (
    <button type="button" class="ghost" onClick={changeTheme}>
      <span class="visually-hidden">Theme: </span>
      {theme.value}
    </button>
  );
}

export function changeTheme(): void {
  theme.value = next[theme.value];
  localStorage.setItem(STORED, theme.value);
  apply(theme.value);
}

function themeOf(stored: string | null): Theme {
  return stored === 'dark' || stored === 'light' ? stored : 'auto';
}

function apply(chosen: Theme): void {
  document.documentElement.dataset['theme'] = chosen;
}
