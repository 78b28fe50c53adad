import { BASE } from '../data/addresses';

/** An address that is no view. */
export function MissingPage() {
  return (
    <div class="page">
      <h1>No such view</h1>
      <p>
        The console has no view at this address. <a href={BASE}>Now and next</a> shows everything.
      </p>
    </div>
  );
}
