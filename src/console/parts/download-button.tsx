import { useState } from 'preact/hooks';
import type { OutputLink } from '../../api/schemas/output';
import type { ApiError } from '../../client/api-error';
import { outputPath } from '../data/addresses';
import { request, successOf } from '../data/connection';
import { PREVIEW_BYTES } from '../data/previews';
import { errorOf } from '../data/query';
import { FailureNote } from './failure-note';

interface Props {
  readonly runId: string;
  readonly name: string;
  readonly bytes: number;
}

/** Saves an output: a small one through the app, a large one from storage itself. */
export function DownloadButton({ runId, name, bytes }: Props) {
  const [error, setError] = useState<ApiError | null>(null);
  const download = async () => {
    setError(null);
    try {
      await (bytes <= PREVIEW_BYTES ? saveThroughApp(runId, name) : openInStorage(runId, name));
    } catch (cause) {
      setError(errorOf(cause));
    }
  };
  return (
    <>
      <button
        type="button"
        class="ghost"
        aria-label={`Download ${name}`}
        onClick={() => void download()}
      >
        Download
      </button>
      <FailureNote error={error} />
    </>
  );
}

async function saveThroughApp(runId: string, name: string): Promise<void> {
  const response = await successOf(await request(outputPath(runId, 'previews', name)));
  const bytes = await response.arrayBuffer();
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  follow(address, name.split('/').at(-1) ?? 'output');
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function openInStorage(runId: string, name: string): Promise<void> {
  const response = await successOf(await request(outputPath(runId, 'links', name)));
  const { url } = (await response.json()) as OutputLink;
  follow(url, null);
}

function follow(address: string, fileName: string | null): void {
  const link = document.createElement('a');
  link.href = address;
  link.rel = 'noopener noreferrer';
  if (fileName === null) link.target = '_blank';
  else link.download = fileName;
  link.click();
}
