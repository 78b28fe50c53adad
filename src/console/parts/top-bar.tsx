import { useLocation } from 'preact-iso/router';
import { BASE } from '../data/addresses';
import { forgetKey, hasKey } from '../data/connection';
import { useOverview } from '../data/overview';
import { openPalette } from './palette';
import { ThemeButton } from './theme-button';
import { billingText } from './billing-text';

const VIEWS = [
  ['Now and next', BASE],
  ['Runs', `${BASE}/runs`],
  ['Costs', `${BASE}/costs`],
] as const;

/** The app's name, the views, and in one line whether anything bills. */
export function TopBar() {
  const { path } = useLocation();
  const overview = useOverview().data.value;
  const billing = overview?.billing;
  return (
    <header class="top-bar">
      <a class="brand" href={BASE}>
        Nightshift
      </a>
      {overview !== null && overview !== undefined && (
        <span class="app-name">{overview.app.name}</span>
      )}
      <nav aria-label="Views">
        {VIEWS.map(([label, address]) => (
          <a key={address} href={address} aria-current={path === address ? 'page' : undefined}>
            {label}
          </a>
        ))}
      </nav>
      {billing !== undefined && (
        <span class={`billing-line billing-${billing.state}`}>
          {billingText(billing, overview?.currency ?? '')}
        </span>
      )}
      <span class="top-buttons">
        <button type="button" class="ghost" onClick={openPalette}>
          Find <kbd>Ctrl K</kbd>
        </button>
        <ThemeButton />
        {hasKey() && (
          <button type="button" class="ghost" onClick={forgetKey}>
            Forget key
          </button>
        )}
      </span>
    </header>
  );
}
