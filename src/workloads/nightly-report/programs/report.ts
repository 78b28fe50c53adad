/**
 * The job manager of the nightly report, which is the whole job: describes CSV files, draws them,
 * and signs what it found.
 *
 * Reads   inputs.json and the files it names; secrets/report-signing-key;
 *         PARAM_TITLE; PARAM_GENERATED_AT or RUN_STARTED_AT, the moment the report is of, so that a
 *         task that runs again writes the same bytes (the clock's without both)
 * Writes  outputs/summary.json, outputs/summary.json.sig, outputs/chart.svg
 */
import { createReadStream, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { readInputs, type Input } from '../../shared/lib/inputs';
import {
  InputError,
  oneLine,
  quoted,
  readStaged,
  runProgram,
  type Environment,
  type Surroundings,
} from '../../shared/lib/program';
import { drawChart } from './lib/chart';
import { choosePanel, type Panel } from './lib/panels';
import { encodeSummary, sign, summarise, summariseFile, type FileSummary } from './lib/summary';
import { readTable } from './lib/table';

async function main({ environment, now }: Surroundings): Promise<void> {
  const generatedAt =
    readMoment(environment, 'PARAM_GENERATED_AT') ??
    readMoment(environment, 'RUN_STARTED_AT') ??
    now();
  const title = environment['PARAM_TITLE'] || 'Nightly report';
  const key = readSigningKey();
  const inputs = readInputs();

  const files: FileSummary[] = [];
  const panels: Panel[] = [];
  for (const input of inputs) {
    const { file, panel } = await describeFile(input);
    files.push(file);
    if (panel !== undefined) panels.push(panel);
    else console.error(oneLine(`${input.file} (${quoted(input.name)}) is skipped: ${file.reason}`));
  }
  if (panels.length === 0)
    throw new InputError(
      `none of the ${inputs.length} files in inputs.json could be read: the reasons are above.`,
    );

  const summary = summarise(generatedAt, files);
  const content = encodeSummary(summary);
  mkdirSync('outputs', { recursive: true });
  writeFileSync('outputs/summary.json', content);
  writeFileSync('outputs/summary.json.sig', sign(content, key));
  writeFileSync('outputs/chart.svg', drawChart(title, summary, panels));

  const { read, skipped, rows } = summary.totals;
  console.log(`${read} files with ${rows} rows described, ${skipped} skipped.`);
}

function readMoment(environment: Environment, name: string): Date | undefined {
  const text = environment[name] ?? '';
  if (text === '') return undefined;
  const moment = new Date(text);
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(moment.getTime())) return moment;
  throw new InputError(
    `${name} is ${quoted(text)}: write it as 2030-01-31T02:00:00Z, or leave it out.`,
  );
}

const KEY_FILE = 'secrets/report-signing-key';

/** The key's bytes are used as they are. */
function readSigningKey(): Buffer {
  const key = existsSync(KEY_FILE) ? readStaged(KEY_FILE) : Buffer.alloc(0);
  if (key.length > 0) return key;
  throw new InputError(
    `${KEY_FILE} is missing or empty: name the secret in the workload and give it a value in the vault.`,
  );
}

/** Reads are limited to what a small node can hold. */
const LARGEST_FILE = 256 * 1024 * 1024;

type Described =
  | { readonly file: FileSummary & { readonly kind: 'read' }; readonly panel: Panel }
  | { readonly file: FileSummary & { readonly kind: 'skipped' }; readonly panel?: undefined };

/** A file that cannot be read is part of the report, and no reason to give none. */
async function describeFile(input: Input): Promise<Described> {
  try {
    if (!existsSync(input.file)) throw new InputError('it does not lie in the working directory.');
    if (statSync(input.file).size > LARGEST_FILE)
      throw new InputError(`it is larger than ${LARGEST_FILE} bytes.`);

    const table = await readTable(createReadStream(input.file));
    return { file: summariseFile(input, table), panel: choosePanel(input.name, table) };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { name, size } = input;
    return { file: { kind: 'skipped', name, bytes: size, reason: error.message } };
  }
}

void runProgram(main);
