import { useQuery } from '../data/use-query';
import { runPath } from '../data/addresses';
import { counted } from '../format/numbers';
import { Section } from './section';
import { Time } from './time';

interface Nodes {
  readonly nodes: readonly {
    readonly id: string;
    readonly state: string;
    readonly isSpot: boolean;
    readonly since: string | null;
    readonly runningTasks: number;
    readonly errors: readonly string[];
  }[];
}

const WORDS: Readonly<Record<string, string>> = {
  starting: 'starting',
  waitingForStartTask: 'being set up',
  startTaskFailed: 'set-up failed',
  idle: 'idle',
  running: 'working',
  unusable: 'unusable',
  preempted: 'taken away by Azure',
  leaving: 'leaving',
};

const always = () => true;

/** The nodes of an active run, with what each does. */
export function NodeList({ runId }: { readonly runId: string }) {
  const nodes = useQuery<Nodes>(`${runPath(runId)}/nodes`, always).data.value?.nodes ?? [];
  return (
    <Section title="Nodes">
      {nodes.length === 0 ? (
        <p class="quiet">No node yet.</p>
      ) : (
        <ul class="nodes">
          {nodes.map(({ id, state, isSpot, since, runningTasks, errors }) => (
            <li key={id}>
              <span class="mono">{id}</span>
              <span>
                {WORDS[state] ?? state} {since !== null && <Time at={since} />}
              </span>
              <span class="quiet">{isSpot ? 'Spot' : 'dedicated'}</span>
              <span class="number">{counted(runningTasks, 'task')}</span>
              {errors.map((error) => (
                <span key={error} class="bad">
                  {error}
                </span>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
