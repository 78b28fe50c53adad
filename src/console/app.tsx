import { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router } from 'preact-iso/router';
import { BASE } from './data/addresses';
import { CostsPage } from './pages/costs-page';
import { HomePage } from './pages/home-page';
import { MissingPage } from './pages/missing-page';
import { RunPage } from './pages/run-page';
import { RunsPage } from './pages/runs-page';
import { WorkloadPage } from './pages/workload-page';
import { KeyPrompt } from './parts/key-prompt';
import { ConnectionBar } from './parts/connection-bar';
import { Palette } from './parts/palette';
import { ShortcutHelp } from './parts/shortcut-help';
import { TopBar } from './parts/top-bar';
import { useShortcuts } from './parts/use-shortcuts';

/** Every view of the console has an address of its own, which can be shared and reloaded. */
export function App() {
  useShortcuts();
  return (
    <LocationProvider scope={BASE}>
      <a class="skip-link" href="#main">
        Skip to content
      </a>
      <TopBar />
      <ConnectionBar />
      <KeyPrompt />
      <main id="main" tabIndex={-1}>
        <ErrorBoundary>
          <Router>
            <Route path={BASE} component={HomePage} />
            <Route path={`${BASE}/workloads/:workload`} component={WorkloadPage} />
            <Route path={`${BASE}/runs`} component={RunsPage} />
            <Route path={`${BASE}/runs/:id`} component={RunPage} />
            <Route path={`${BASE}/costs`} component={CostsPage} />
            <Route default component={MissingPage} />
          </Router>
        </ErrorBoundary>
      </main>
      <Palette />
      <ShortcutHelp />
    </LocationProvider>
  );
}
