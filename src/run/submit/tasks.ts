import { z } from 'zod';
import { Failure } from '../../failure';
import type { OutputFile, ResourceFile, TaskSpec } from '../ports';
import { MAX_DEPENDENCY_CHARACTERS } from '../../workload/task-graph';
import { affinityId, RESERVED_IDS } from '../../workload/work-schema';
import { type TaskTemplate } from '../../workload/workload';
import { INPUT_LIST, LOGS_FOLDER, MANIFEST } from '../names';
import type { Access } from '../stage/access';
import { formatPath, formatIssue } from '../../workload/validation';

/** What one task has that its template has not. */
export interface TaskDetails {
  readonly id: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly resourceFiles?: readonly ResourceFile[];
  readonly outputFiles?: readonly OutputFile[];
  readonly dependsOn?: readonly string[];
  readonly affinityId?: string;
}

export function taskFrom(template: TaskTemplate, access: Access, details: TaskDetails): TaskSpec {
  return {
    id: details.id,
    command: template.command,
    environment: { ...environmentOf(template), ...details.environment },
    resourceFiles: [
      ...programFiles(template.programs, access),
      ...secretFiles(template.secrets, access),
      ...template.reads.map((folder) => ({ containerUrl: access.outputs, prefix: `${folder}/` })),
      ...(details.resourceFiles ?? []),
    ],
    outputFiles: [
      ...template.outputs.map(({ files, to }) =>
        outputFile(files, to.replaceAll('{task}', details.id), access, 'taskSuccess'),
      ),
      ...(details.outputFiles ?? []),
      // Kept whatever happens, since a node's own copy goes with the node.
      outputFile('../std*.txt', `${LOGS_FOLDER}/${details.id}`, access, 'taskCompletion'),
    ],
    slots: template.slots,
    retries: template.retries,
    maxMinutes: template.maxMinutes,
    elevated: template.elevated,
    user: template.user,
    dependsOn: details.dependsOn ?? [],
    ...(details.affinityId !== undefined && { affinityId: details.affinityId }),
    container: template.container ?? null,
    packages: template.packages,
  };
}

export function programFiles(programs: readonly string[], access: Access): ResourceFile[] {
  return programs.map((name) => ({ url: access.program(name), path: name, mode: '0755' }));
}

export function secretFiles(names: readonly string[], access: Access): ResourceFile[] {
  return names.map((name) => ({
    url: access.secret(name),
    path: `secrets/${name}`,
    mode: '0400',
  }));
}

/** What a template says of its environment; its locale is a part of that. */
export function environmentOf({
  locale,
  environment,
}: {
  readonly locale?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}): Record<string, string> {
  return { ...(locale !== undefined && { LC_ALL: locale }), ...environment };
}

/**
 * A pattern without a wildcard names one blob, one with a wildcard a folder: that is how Batch
 * reads the destination path.
 */
function outputFile(
  pattern: string,
  folder: string,
  access: Access,
  when: OutputFile['when'],
): OutputFile {
  const isPattern = /[*?[]/.test(pattern);
  const path = isPattern ? folder : `${folder}/${pattern.slice(pattern.lastIndexOf('/') + 1)}`;
  return { pattern, containerUrl: access.upload, path, when };
}

/** All inputs of the run, under `inputs/`, and what they are called. */
export function allInputs(access: Access): ResourceFile[] {
  return [
    { containerUrl: access.staging, prefix: 'inputs/' },
    { url: access.input(INPUT_LIST), path: INPUT_LIST, mode: null },
  ];
}

/** The file a splitting job manager must write. */
export function manifestFile(access: Access): OutputFile {
  return {
    pattern: 'outputs/tasks.jsonl',
    containerUrl: access.upload,
    path: MANIFEST,
    when: 'taskSuccess',
  };
}

const lineSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _'),
  environment: z
    .record(
      z
        .string()
        .regex(
          /^(?!AZ_BATCH_)[A-Z][A-Z0-9_]{0,63}$/,
          'must be upper-case letters, digits and _, and not begin with AZ_BATCH_',
        ),
      z.string().max(1024),
    )
    .default({}),
  affinityId: affinityId.optional(),
});

export type ManifestLine = z.output<typeof lineSchema>;

/**
 * The tasks a job manager asks for: JSON lines, checked like any input. A line that repeats an
 * earlier one is dropped. @throws Failure manifestRefused naming line and field
 */
export function readManifest(text: string, maxTasks: number): readonly ManifestLine[] {
  const tasks = new Map<string, ManifestLine>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const task = readLine(line, index + 1);
    const key = task.id.toLowerCase();
    const twin = tasks.get(key);
    if (twin !== undefined && JSON.stringify(twin) !== JSON.stringify(task)) {
      throw refused(index + 1, `the id ${task.id} stands for another task already`);
    }
    tasks.set(key, task);
    if (tasks.size > maxTasks) {
      throw refused(
        index + 1,
        `more than ${maxTasks} tasks; raise work.maxTasks or chunk the work`,
      );
    }
  }
  return [...tasks.values()];
}

function readLine(line: string, number: number): ManifestLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw refused(number, 'it is no JSON object', cause);
  }
  const checked = lineSchema.safeParse(value);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    if (issue === undefined) throw refused(number, 'invalid');
    throw refused(number, `${formatPath(issue.path, 'the task')}: ${formatIssue(issue)}`);
  }
  if (RESERVED_IDS.has(checked.data.id.toLowerCase())) {
    throw refused(number, `the id ${checked.data.id} is taken by Nightshift itself`);
  }
  return checked.data;
}

function refused(line: number, what: string, cause?: unknown): Failure {
  return new Failure('manifestRefused', `line ${line} of the task manifest is refused: ${what}`, {
    cause,
  });
}

/** The list a merge waits for; null when it is longer than Batch takes. */
export function dependOnAll(ids: Iterable<string>): readonly string[] | null {
  const list: string[] = [];
  let characters = 0;
  for (const id of ids) {
    characters += id.length;
    if (characters > MAX_DEPENDENCY_CHARACTERS) return null;
    list.push(id);
  }
  return list;
}
