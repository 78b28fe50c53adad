import { useState } from 'preact/hooks';
import type { OutputList as Outputs } from '../../api/schemas/output';
import type { RunView } from '../../api/schemas/run';
import { runPath } from '../data/addresses';
import { previewKindOf } from '../data/previews';
import { useQuery } from '../data/use-query';
import { bytesText, counted } from '../format/numbers';
import { isActive } from '../format/statuses';
import { DownloadButton } from './download-button';
import { FailureNote } from './failure-note';
import { OutputPreview } from './output-preview';
import { Section } from './section';

const MAX_SHOWN = 200;

/** The results of a run, and folded behind them logs and what its tasks exchanged. */
export function OutputList({ run }: { readonly run: RunView }) {
  const { runId, status } = run;
  const busy = isActive(status);
  const query = useQuery<Outputs>(`${runPath(runId)}/outputs`, () => busy);
  const files = query.data.value?.files ?? [];
  const results = files.filter(({ name }) => name.startsWith(RESULTS));
  const others = files.filter(({ name }) => !name.startsWith(RESULTS));
  const isComplete = query.data.value?.isComplete !== false;
  return (
    <Section title="Outputs">
      <FailureNote error={query.error.value} hasData={files.length > 0} />
      {results.length === 0 && query.error.value === null && (
        <p class="quiet">{busy ? 'No results yet.' : 'The run has no results.'}</p>
      )}
      <Files runId={runId} files={results} />
      {others.length > 0 && (
        <details>
          <summary>{counted(others.length, 'other file')}: logs, and what tasks handed on</summary>
          <Files runId={runId} files={others} />
        </details>
      )}
      {!isComplete && (
        <p class="quiet">
          The run has more files than are listed; <code>npm run fetch -- {runId}</code> downloads
          all.
        </p>
      )}
    </Section>
  );
}

const RESULTS = 'results/';

interface FilesProps {
  readonly runId: string;
  readonly files: Outputs['files'];
}

function Files({ runId, files }: FilesProps) {
  const [open, setOpen] = useState<string | null>(null);
  return (
    <>
      <ul class="outputs">
        {files.slice(0, MAX_SHOWN).map(({ name, bytes }) => (
          <OutputRow
            key={name}
            runId={runId}
            name={name}
            bytes={bytes}
            isOpen={open === name}
            toggle={() => setOpen(open === name ? null : name)}
          />
        ))}
      </ul>
      {files.length > MAX_SHOWN && (
        <p class="quiet">
          The first {MAX_SHOWN} of {files.length}.
        </p>
      )}
    </>
  );
}

interface RowProps {
  readonly runId: string;
  readonly name: string;
  readonly bytes: number;
  readonly isOpen: boolean;
  readonly toggle: () => void;
}

function OutputRow({ runId, name, bytes, isOpen, toggle }: RowProps) {
  const hasPreview = previewKindOf(name, bytes) !== 'none';
  return (
    <li>
      <div class="output-line">
        {hasPreview ? (
          <button type="button" class="link name" data-row aria-expanded={isOpen} onClick={toggle}>
            {name}
          </button>
        ) : (
          <span class="name">{name}</span>
        )}
        <span class="number quiet">{bytesText(bytes)}</span>
        <DownloadButton runId={runId} name={name} bytes={bytes} />
      </div>
      {isOpen && <OutputPreview runId={runId} name={name} bytes={bytes} />}
    </li>
  );
}
