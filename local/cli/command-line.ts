import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What a person has written after a command; a word that it does not know ends it with its usage. */
export function parseOptions<Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message.split('. ')[0] ?? ''}\n${usage}`);
    process.exit(2);
  }
}
