import { useState } from 'preact/hooks';
import { enterKey, keyState } from '../data/connection';

/** Asks for a function key. It is kept for this tab, and sent as a header only. */
export function KeyPrompt() {
  const [entered, enter] = useState('');
  if (keyState.value === 'accepted') return null;
  const submit = (event: Event) => {
    event.preventDefault();
    if (entered.trim() !== '') enterKey(entered.trim());
    enter('');
  };
  return (
    <form class="key-prompt" onSubmit={submit}>
      <h2>Function key</h2>
      {keyState.value === 'wrong' && (
        <p role="alert" class="bad">
          The app did not accept this key.
        </p>
      )}
      <p id="key-help">
        This app asks for a key: in the portal under <b>Functions → App keys</b>, or with{' '}
        <code>az functionapp keys list</code>. It is kept until this tab is closed, and appears in
        no address.
      </p>
      <label>
        Key
        <input
          type="password"
          autocomplete="off"
          aria-describedby="key-help"
          value={entered}
          onInput={(event) => enter(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary">
        Use this key
      </button>
    </form>
  );
}
