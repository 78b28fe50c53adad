import { z } from 'zod';
import { Failure } from '../../failure';
import type { OutputFile, ResourceFile, TaskSpec } from '../ports';
import { MAX_DEPENDENCY_CHARACTERS } from '../../workload/task-graph';
import { affinityId, RESERVED_IDS } from '../../workload/work-schema';
import { type TaskTemplate } from '../../workload/workload';
import { INPUT_LIST, LOGS_FOLDER, MANIFEST } from '../names';
import type { Access } from '../stage/access';
import { withPackageVariables } from './package-variables';
import { formatPath, validate } from '../../workload/validation';

/** Builds the tasks for Batch from task templates and manifest lines. Pure. */

/** The properties of one task that are not in its template. */
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
    command: withPackageVariables(template.command, access.packages),
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
      // Uploaded after a failure too, because the node's own copy is deleted with the node.
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
    packages: access.packages.length > 0 ? [] : template.packages,
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

/** The environment of a template, its locale included. */
export function environmentOf({
  locale,
  environment,
}: {
  readonly locale?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}): Record<string, string> {
  return { ...(locale !== undefined && { LC_ALL: locale }), ...environment };
}

/** Batch reads the destination path as a blob name, or as a folder if the pattern has a wildcard. */
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

/** All inputs of the run, in the folder `inputs/`, and the list with their original names. */
export function allInputs(access: Access): ResourceFile[] {
  return [
    { containerUrl: access.staging, prefix: 'inputs/' },
    { url: access.input(INPUT_LIST), path: INPUT_LIST, mode: null },
  ];
}

/** The task manifest that the job manager of split work writes. */
export function manifestFile(access: Access): OutputFile {
  return {
    pattern: 'outputs/tasks.jsonl',
    containerUrl: access.upload,
    path: MANIFEST,
    when: 'taskSuccess',
  };
}

/** Bound of the variables of one task: Batch limits a task as a whole to some hundred kilobytes. */
const MAX_VARIABLES = 64;

const lineSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, - or _'),
  environment: z
    .record(
      z
        .string()
        .regex(
          /^(?!AZ_BATCH_)[A-Z][A-Z0-9_]{0,63}$/,
          'must be upper-case letters, digits and _, and not start with AZ_BATCH_',
        ),
      z.string().max(1024),
    )
    .refine((variables) => Object.keys(variables).length <= MAX_VARIABLES, {
      error: `must have at most ${MAX_VARIABLES} variables`,
    })
    .default({}),
  affinityId: affinityId.optional(),
});

export type ManifestLine = z.output<typeof lineSchema>;

/**
 * Parses and validates the task manifest, which is JSON lines, one line at a time. Repeated lines
 * are dropped.
 * @throws Failure manifestRefused naming line and field
 */
export async function readManifest(
  lines: AsyncIterable<string> | Iterable<string>,
  maxTasks: number,
): Promise<readonly ManifestLine[]> {
  const tasks = new Map<string, ManifestLine>();
  let index = -1;
  for await (const line of lines) {
    index += 1;
    if (line.trim() === '') continue;
    const task = readLine(line, index + 1);
    const key = task.id.toLowerCase();
    const existing = tasks.get(key);
    if (existing !== undefined && JSON.stringify(existing) !== JSON.stringify(task)) {
      throw lineError(index + 1, `the id ${task.id} is already used by another task`);
    }
    tasks.set(key, task);
    if (tasks.size > maxTasks) {
      throw lineError(
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
    throw lineError(number, 'it is not JSON', cause);
  }
  const validated = validate(lineSchema, value);
  if (!validated.isValid) {
    const { path, message } = validated.errors[0];
    throw lineError(number, `${formatPath(path, 'the task')}: ${message}`);
  }
  if (RESERVED_IDS.has(validated.value.id.toLowerCase())) {
    throw lineError(number, `the id ${validated.value.id} is reserved by Nightshift`);
  }
  return validated.value;
}

function lineError(line: number, reason: string, cause?: unknown): Failure {
  return new Failure('manifestRefused', `line ${line} of the task manifest is invalid: ${reason}`, {
    cause,
  });
}

/** The dependency list of a merge; null when it is longer than Batch accepts. */
export function dependenciesOn(ids: Iterable<string>): readonly string[] | null {
  const list: string[] = [];
  let characters = 0;
  for (const id of ids) {
    characters += id.length;
    if (characters > MAX_DEPENDENCY_CHARACTERS) return null;
    list.push(id);
  }
  return list;
}
