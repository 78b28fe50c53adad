import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bicepFile } from '../../../scripts/bicep-compiler.mjs';
import { SUBSCRIPTION, TENANT } from './functions';
import type { Value } from './values';

/** An error or a warning of the compiler or of its linter. */
export interface Diagnostic {
  /** Relative to the folder that was compiled. */
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** A deployment as predicted by the engine of Azure Resource Manager, which the compiler contains. */
export interface Snapshot {
  readonly predictedResources: readonly PredictedResource[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** Says what could not be predicted. */
  readonly diagnostics: readonly string[];
}

export interface PredictedResource {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly apiVersion: string;
  readonly [property: string]: Value;
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_OUTPUT_BYTES = 2 ** 26;

function run(folder: string, args: readonly string[]): Promise<Ended> {
  const options = { cwd: folder, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve, reject) => {
    execFile(bicepFile, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
  });
}

const DIAGNOSTIC = /^(?<path>.+)\((?<line>\d+),\d+\) : (?:Error|Warning|Info) (?<rest>.*)$/;

/** Lints every file that the pattern matches, each as a file of its own, in one process. */
export async function lint(folder: string, pattern: string): Promise<Diagnostic[]> {
  const { stdout, stderr } = await run(folder, ['lint', '--pattern', pattern]);
  return diagnosticsIn(folder, `${stdout}\n${stderr}`);
}

/**
 * Compiles a file of `infra`: its template as JSON, and every diagnostic of it and of its modules. Every resource in the template has its symbol, which only the option for it guarantees;
 * `work` is a folder for the configuration with that option.
 */
export async function build(
  folder: string,
  file: string,
  work: string,
): Promise<{ readonly template: unknown; readonly diagnostics: readonly Diagnostic[] }> {
  const rules = readFileSync(path.join(folder, 'infra/bicepconfig.json'), 'utf8');
  const config = path.join(work, 'bicepconfig.json');
  const experimentalFeaturesEnabled = { symbolicNameCodegen: true };
  const configuration = { ...(JSON.parse(rules) as object), experimentalFeaturesEnabled };
  writeFileSync(config, JSON.stringify(configuration));

  const { code, stdout, stderr } = await run(folder, [
    'build',
    '--stdout',
    '--config',
    config,
    file,
  ]);
  const diagnostics = diagnosticsIn(folder, stderr);
  if (code !== 0 && diagnostics.length === 0) throw new Error(`bicep build ended with ${code}`);
  return { template: code === 0 ? JSON.parse(stdout) : null, diagnostics };
}

/** @throws Error when the compiler says anything that is not a diagnostic, such as that it crashed */
function diagnosticsIn(folder: string, output: string): Diagnostic[] {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const found = lines.map((line): Diagnostic => {
    const groups = DIAGNOSTIC.exec(line)?.groups;
    if (groups === undefined) throw new Error(`the compiler says: ${line}`);
    const [code = '', ...words] = (groups['rest'] ?? '').split(': ');
    return {
      file: path.relative(folder, groups['path'] ?? ''),
      line: Number(groups['line']),
      code,
      message: words.join(': ').replace(/ \[\S+\]$/, ''),
    };
  });
  const texts = found.map((one) => JSON.stringify(one));
  return found.filter((_, index) => texts.indexOf(texts[index] ?? '') === index);
}

/** The resources that a deployment with these parameters makes; `work` is an empty folder. */
export async function predict(
  template: string,
  params: Readonly<Record<string, Value>>,
  work: string,
): Promise<Snapshot> {
  mkdirSync(work, { recursive: true });
  const lines = Object.entries(params).map(
    // JSON says the same of every type, and escapes what Bicep would interpolate.
    ([name, value]) => `param ${name} = json('${escaped(JSON.stringify(value))}')\n`,
  );
  const using = path.relative(work, template).replaceAll('\\', '/');
  writeFileSync(path.join(work, 'main.bicepparam'), `using '${using}'\n${lines.join('')}`);
  const where = ['--subscription-id', SUBSCRIPTION, '--tenant-id', TENANT];
  const what = ['--location', 'westeurope', '--deployment-name', 'main', '--mode', 'overwrite'];
  const { code, stderr } = await run(work, ['snapshot', 'main.bicepparam', ...where, ...what]);
  if (code !== 0) throw new Error(`bicep snapshot: ${stderr}`);
  return JSON.parse(readFileSync(path.join(work, 'main.snapshot.json'), 'utf8')) as Snapshot;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('${', '\\${');
}
