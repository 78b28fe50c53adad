import type { DeliveredPackage } from '../stage/packages';

/**
 * Command line that runs a command with the variables of delivered packages. Their values depend on
 * the node, so a shell sets them; the words of the command reach it unchanged, as they did Batch.
 */
export function withPackageVariables(
  command: string,
  packages: readonly DeliveredPackage[],
): string {
  if (packages.length === 0) return command;
  const variables = packages.flatMap((one, index) => namesOf(one).map((name) => [name, index]));
  const settings = variables.map(
    ([name, index]) => `${name}=$AZ_BATCH_JOB_PREP_WORKING_DIR/packages/${index}; export ${name}`,
  );
  return `/bin/sh -c "${settings.join('; ')}; exec \\"$@\\"" sh ${command}`;
}

/**
 * On Linux every character that is neither letter nor digit becomes `_`. Batch sets the name with the
 * case of the application and in upper case, and its documentation shows it in lower case.
 */
function namesOf({ application, version }: DeliveredPackage): readonly string[] {
  const id = version === null ? application : `${application}_${version}`;
  const name = id.replaceAll(/[^A-Za-z0-9]/g, '_');
  return [...new Set([name, name.toUpperCase(), name.toLowerCase()])].map(
    (spelling) => `AZ_BATCH_APP_PACKAGE_${spelling}`,
  );
}
