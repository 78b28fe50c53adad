import type { Command } from 'commander';
import { sendTo, type Send } from '../client/api';
import { WrongCall, type CommandContext } from './program';

/** The address of the local environment that `npm start` starts. */
const LOCAL_URL = 'http://localhost:7071';

/** Adds the option for the address of the app. */
export function addUrlOption(command: Command): Command {
  return command
    .option('--url <url>', `the app (NIGHTSHIFT_URL, or ${LOCAL_URL})`)
    .addHelpText(
      'after',
      '\nThe variable NIGHTSHIFT_KEY has the function key of an app that asks for one.',
    );
}

/** The app that a command speaks to. The key comes from the environment only: arguments are listed. */
export function sendFrom(
  { environment }: CommandContext,
  { url }: { readonly url?: string },
): Send {
  const address = url ?? (environment['NIGHTSHIFT_URL'] || LOCAL_URL);
  if (!/^https?:\/\/[^/]/.test(address) || !URL.canParse(address)) {
    const name = url === undefined ? 'NIGHTSHIFT_URL' : '--url';
    throw new WrongCall(`${name} must be a URL, not ${JSON.stringify(address)}`);
  }
  const key = environment['NIGHTSHIFT_KEY'];
  return sendTo({ url: address, key: key === undefined || key === '' ? null : key });
}
