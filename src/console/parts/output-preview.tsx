import { useEffect, useState } from 'preact/hooks';
import type { ApiError } from '../../client/api-error';
import { outputPath } from '../data/addresses';
import { request, successOf } from '../data/connection';
import { indented, PREVIEW_BYTES, previewKindOf } from '../data/previews';
import { errorOf } from '../data/query';
import { bytesText } from '../format/numbers';
import { FailureNote } from './failure-note';
import { PictureView } from './picture-view';
import { Skeleton } from './skeleton';
import { TableView } from './table-view';

interface Props {
  readonly runId: string;
  readonly name: string;
  readonly bytes: number;
}

/** Characters of a text that are shown. */
const MAX_TEXT = 200_000;

/** An output, fetched into memory and drawn as a picture, a table or text. Nothing of it is run. */
export function OutputPreview({ runId, name, bytes }: Props) {
  const [content, setContent] = useState<ArrayBuffer | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetchBytes(outputPath(runId, 'previews', name), abort.signal).then(
      setContent,
      (cause: unknown) => {
        if (!abort.signal.aborted) setError(errorOf(cause));
      },
    );
    return () => abort.abort();
  }, [runId, name]);
  if (error !== null) return <FailureNote error={error} />;
  if (content === null) return <Skeleton rows={3} />;
  return (
    <div class="preview">
      <Content name={name} content={content} bytes={bytes} />
      {bytes > PREVIEW_BYTES && <p class="quiet">The first {bytesText(PREVIEW_BYTES)}.</p>}
    </div>
  );
}

function Content({
  name,
  content,
  bytes,
}: {
  readonly name: string;
  readonly content: ArrayBuffer;
  readonly bytes: number;
}) {
  const kind = previewKindOf(name, bytes);
  if (kind === 'picture') return <PictureView name={name} content={content} />;
  const text = new TextDecoder().decode(content);
  if (kind === 'table') return <TableView name={name} text={text} />;
  const shown = (kind === 'json' ? indented(text) : text).slice(0, MAX_TEXT);
  return (
    <pre tabIndex={0} role="region" aria-label={name}>
      {shown}
    </pre>
  );
}

async function fetchBytes(path: string, signal: AbortSignal): Promise<ArrayBuffer> {
  return (await successOf(await request(path, { signal }))).arrayBuffer();
}
