import { spawnSync } from 'node:child_process';
import path from 'node:path';
import type { ContainerSettings } from '../bodies/common';
import { splitCommandLine } from '../command-line';
import { StepFailed, failureOf } from './failures';
import type { Work } from './execute';

const RUNTIMES = ['docker', 'podman'];

/**
 * The argv that runs a task in a container, as the node agent does: the node's root mounted where
 * it is, every variable of the task, the task's directory to work in, the user's options last. An
 * empty command line runs the image's own entry point; another replaces it.
 */
export function containerProgram(
  settings: ContainerSettings,
  work: Work,
  argv: readonly string[],
): readonly string[] {
  const runtime = containerRuntime(work.environment['PATH'] ?? '');
  if (runtime === undefined) {
    const details = [{ name: 'Image', value: settings.imageName }];
    throw new StepFailed(failureOf('ContainerRuntimeNotFound', details));
  }
  const root = work.environment['AZ_BATCH_NODE_ROOT_DIR'] ?? work.folder;
  const variables = Object.keys(work.environment)
    .filter((name) => name !== 'PATH' && name !== 'HOME')
    .flatMap((name) => ['--env', name]);
  const directory =
    settings.workingDirectory === 'containerImageDefault'
      ? []
      : ['--workdir', path.join(work.folder, 'wd')];
  const [command, ...rest] = argv;
  return [
    runtime,
    'run',
    '--rm',
    '--volume',
    `${root}:${root}`,
    ...variables,
    ...directory,
    ...splitCommandLine(settings.containerRunOptions ?? ''),
    ...(command === undefined ? [] : ['--entrypoint', command]),
    settings.imageName,
    ...rest,
  ];
}

/** The container runtime of this machine, when it has one that answers. */
export function containerRuntime(searchPath: string): string | undefined {
  return RUNTIMES.find((name) => {
    const answer = spawnSync(name, ['version'], { env: { PATH: searchPath }, stdio: 'ignore' });
    return answer.status === 0;
  });
}
