import type { ApiError } from '../../client/api-error';

interface Props {
  readonly error: ApiError | null;
  /** A view that has data keeps it, and says only that it could not be renewed. */
  readonly hasData?: boolean;
}

/** An error of a request: its sentence, and each field that is wrong. */
export function FailureNote({ error, hasData = false }: Props) {
  if (error === null || error.status === 401) return null;
  if (hasData && error.kind === 'unreachable') return null;
  return (
    <div class="note note-bad" role="alert">
      <p>{error.message}</p>
      {error.errors.length > 0 && (
        <ul>
          {error.errors.map(({ field, message }) => (
            <li key={field}>
              <code>{field}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
