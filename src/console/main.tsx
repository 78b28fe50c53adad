import { render } from 'preact';
import { App } from './app';
import { startClock } from './data/clock';
import { watchConnection } from './data/connection';

/** The entry point of the console: the one file that knows the time and the page. */
const place = document.getElementById('app');
if (place !== null) {
  startClock(() => new Date());
  watchConnection();
  place.replaceChildren();
  render(<App />, place);
}
