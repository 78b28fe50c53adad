import { findRunId } from './find-run';
import type { AddCommand } from './program';
import { addAppOptions, sendFrom, urlFrom, type AppOptions } from './target';

/** `nightshift open [run]` */
export const addOpen: AddCommand = (program, context) => {
  const command = program
    .command('open')
    .description('Open the console of the app in a browser, at a run where one is named.')
    .argument('[run]', 'id of a run, or a workload for its newest run');
  addAppOptions(command).action(async (name: string | undefined, options: AppOptions) => {
    const base = urlFrom(context, options).replace(/\/+$/, '');
    const runId = name === undefined ? null : await findRunId(sendFrom(context, options), name);
    const url = `${base}/api/console${runId === null ? '' : `/runs/${encodeURIComponent(runId)}`}`;
    const isOpen = await context.openUrl(url);
    context.write(isOpen ? `Opened ${url}\n` : `No browser can be opened here: ${url}\n`);
  });
};
