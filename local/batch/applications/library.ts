import fsp from 'node:fs/promises';
import path from 'node:path';
import { type Account, type Node, keyOf } from '../state/account';
import type { ApplicationRecord, NamedValue } from '../state/records';
import { nodeFolders } from '../execution/directories';
import { StepFailed, failureOf } from '../execution/failures';
import { Refusal, invalidBody } from '../wire/refusals';
import { ZipError, checkZip, unzip } from './zip';

/** Limits of the service: twenty applications, forty packages of each. */
const MAX_APPLICATIONS = 20;
const MOST_VERSIONS = 40;

/** Stores the archive of one version; the first version of an application creates it. */
export async function putPackage(
  account: Account,
  applicationId: string,
  version: string,
  archive: Buffer,
): Promise<ApplicationRecord> {
  for (const id of [applicationId, version]) {
    if (!/^[A-Za-z0-9_.-]{1,64}$/.test(id))
      throw invalidBody(`'${id}' is not a valid id or version`);
  }
  try {
    checkZip(archive);
  } catch (error) {
    if (error instanceof ZipError) throw invalidBody(error.message);
    throw error;
  }
  const before = applicationNamed(account, applicationId);
  if (before.versions.length >= MOST_VERSIONS && !before.versions.includes(version)) {
    throw new Refusal('OutOfRangeInput');
  }
  const file = archiveOf(account, before.id, version);
  await fsp.mkdir(path.dirname(file), { recursive: true });
  await fsp.writeFile(`${file}.part`, archive);
  await fsp.rename(`${file}.part`, file);
  await account.options.packageStore?.put(before.id, version, archive);
  const application = applicationNamed(account, applicationId);
  application.versions = [...new Set([...application.versions, version])];
  account.applications.set(keyOf(application.id), application);
  account.saveApplication(application);
  return application;
}

function applicationNamed(account: Account, applicationId: string): ApplicationRecord {
  const application = account.applications.get(keyOf(applicationId));
  if (application !== undefined) return application;
  if (account.applications.size >= MAX_APPLICATIONS) throw new Refusal('OutOfRangeInput');
  return { seq: account.nextSeq(), id: applicationId, versions: [] };
}

export function setDefaultVersion(
  account: Account,
  applicationId: string,
  version: string | undefined,
): ApplicationRecord {
  const application = account.applications.get(keyOf(applicationId));
  if (application === undefined) throw new Refusal('ApplicationNotFound');
  if (version === undefined) delete application.defaultVersion;
  else if (application.versions.includes(version)) application.defaultVersion = version;
  else throw new Refusal('ApplicationNotFound', [{ key: 'Version', value: version }]);
  account.saveApplication(application);
  return application;
}

export async function dropApplication(account: Account, applicationId: string): Promise<void> {
  const application = account.applications.get(keyOf(applicationId));
  if (application === undefined) throw new Refusal('ApplicationNotFound');
  account.dropApplication(application);
  const folder = path.join(account.options.packagesFolder, keyOf(application.id));
  await fsp.rm(folder, { recursive: true, force: true });
}

function archiveOf(account: Account, applicationId: string, version: string): string {
  return path.join(account.options.packagesFolder, keyOf(applicationId), `${version}.zip`);
}

interface Reference {
  readonly applicationId: string;
  readonly version?: string;
}

/**
 * Unpacks packages on a node, each once, and returns the variables that contain their directories.
 */
export async function installPackages(
  account: Account,
  node: Node,
  references: readonly Reference[],
): Promise<readonly NamedValue[]> {
  const variables: NamedValue[] = [];
  for (const reference of references) {
    const { id, version } = resolve(account, reference);
    const folder = path.join(nodeFolders(account, node).root, 'applications', id, version);
    await installOnce(account, id, version, folder);
    variables.push(...variablesOf(id, reference.version, folder));
  }
  return variables;
}

function resolve(account: Account, { applicationId, version }: Reference) {
  const application = account.applications.get(keyOf(applicationId));
  const wanted = version ?? application?.defaultVersion;
  if (application === undefined || wanted === undefined || !application.versions.includes(wanted)) {
    throw packageFailed(applicationId, version, 'The application package does not exist');
  }
  return { id: application.id, version: wanted };
}

const installing = new Map<string, Promise<void>>();

/** Two tasks that start together share one installation. */
async function installOnce(
  account: Account,
  id: string,
  version: string,
  folder: string,
): Promise<void> {
  const running = installing.get(folder) ?? install(account, id, version, folder);
  installing.set(folder, running);
  try {
    await running;
  } finally {
    installing.delete(folder);
  }
}

async function install(
  account: Account,
  id: string,
  version: string,
  folder: string,
): Promise<void> {
  const isThere = await fsp.stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const unfinished = `${folder}.part`;
  try {
    await fsp.rm(unfinished, { recursive: true, force: true });
    await fsp.mkdir(unfinished, { recursive: true });
    await unzip(await fsp.readFile(archiveOf(account, id, version)), unfinished);
    await fsp.rename(unfinished, folder);
  } catch (cause) {
    throw packageFailed(id, version, (cause as Error).message, cause);
  }
}

function packageFailed(
  applicationId: string,
  version: string | undefined,
  reason: string,
  cause?: unknown,
): StepFailed {
  const details = [
    { name: 'ApplicationPackageReference', value: `${applicationId} ${version ?? ''}`.trim() },
    { name: 'Message', value: reason },
  ];
  return new StepFailed(failureOf('ApplicationPackageError', details), { cause });
}

/**
 * On Linux every character that is not a letter or digit becomes `_`. Both spellings are set, one
 * with the case of the name and one in upper case, because the documentation shows a third in lower
 * case.
 */
function variablesOf(id: string, version: string | undefined, folder: string): NamedValue[] {
  const name = (version === undefined ? id : `${id}_${version}`).replace(/[^A-Za-z0-9]/g, '_');
  const spellings = new Set([name, name.toUpperCase(), name.toLowerCase()]);
  return [...spellings].map((spelling) => ({
    name: `AZ_BATCH_APP_PACKAGE_${spelling}`,
    value: folder,
  }));
}
