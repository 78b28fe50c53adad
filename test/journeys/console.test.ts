import axe from 'axe-core';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { drop } from '../../local/cli/storage-access';
import { costs, detailOf, hostile, overview, tasksPage } from './console-answers';
import {
  ask,
  begin,
  closedGate,
  closeWorld,
  ended,
  openWorld,
  when,
  type World,
} from './environment';

/**
 * The console in a browser, over the whole local environment. Only the answers that take months to
 * come about are given: those of the first screen, of one workload and of costs.
 */

const browsers = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/microsoft-edge',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const executablePath = browsers.find((path) => existsSync(path));
/** Titles say so where there is no browser. */
const missing = executablePath === undefined ? ' (skipped: no Chromium, Chrome or Edge)' : '';

let world: World;
let browser: Browser;
beforeAll(async () => {
  if (executablePath === undefined) return;
  world = await openWorld({ name: 'console', app: 'testing' });
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await closeWorld(world);
});

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Requests to other origins, errors of scripts, and violations of the policy. */
  readonly wrong: string[];
}

/** A page on a view, with the answers that are given. */
async function open(
  view: string,
  width = 1000,
  colorScheme: 'light' | 'dark' = 'light',
): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const wrong: string[] = [];
  const { appUrl } = world.environment;
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(appUrl))
      wrong.push(request.url());
  });
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) wrong.push(message.text());
  });
  await page.route('**/api/overview', (route) => route.fulfill({ json: overview }));
  await page.route('**/api/costs?*', (route) => route.fulfill({ json: costs }));
  await page.route(/\/api\/workloads\/[\w-]+$/, async (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? '';
    const { body } = await ask(world, 'GET /api/workloads');
    const { workloads } = body as {
      workloads: { name: string; parameters: Record<string, unknown> }[];
    };
    const listed = workloads.find((one) => one.name === name);
    await (listed === undefined
      ? route.fulfill({ status: 404, json: { title: 'unknownWorkload', detail: 'unknown' } })
      : route.fulfill({ json: detailOf(listed) }));
  });
  await page.goto(`${appUrl}/api/console${view}`);
  return { page, context, wrong };
}

test.skipIf(missing !== '')(
  `a run is planned and started in the console, and followed to its result, with its log while it is written${missing}`,
  async () => {
    const { gate, open: openGate } = closedGate(world);
    const { page, wrong } = await open('/workloads/marathon');

    await page.getByLabel('laps').fill('2');
    await page.getByLabel('gate').fill(gate);
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page
      .getByRole('region', { name: 'Plan of the run' })
      .getByText('standard_d2s_v5')
      .waitFor();
    await page.getByRole('button', { name: 'Start this run' }).click();
    await page.waitForURL(/\/runs\/marathon-/);
    const runId = page.url().split('/').at(-1) ?? '';
    await when(world, runId, 'both laps', ({ tasks }) => tasks?.running === 2);
    await page.keyboard.press('r');
    const lap = page
      .getByRole('row')
      .filter({ hasText: 'running', hasNotText: 'job-manager' })
      .getByRole('button')
      .first();
    await lap.click();
    await page
      .getByRole('log')
      .getByText(/ begins/)
      .waitFor();
    openGate();
    await ended(world, runId);
    await page.reload();
    await page.locator('.run-header').getByText('succeeded').waitFor();
    await page.getByRole('button', { name: 'results/finish.txt', exact: true }).click();
    await page.getByRole('region', { name: 'results/finish.txt' }).waitFor();

    expect(wrong).toEqual([]);
  },
);

test.skipIf(missing !== '')(
  `a run is cancelled after a question, and its retry is the next attempt${missing}`,
  async () => {
    const { gate } = closedGate(world);
    const runId = await begin(world, 'patient', { gate });
    const { page, wrong } = await open(`/runs/${runId}`);

    await page.getByRole('button', { name: 'Cancel run' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel run' }).click();
    expect((await ended(world, runId)).status).toBe('cancelled');
    await page.keyboard.press('r');
    await page.getByRole('button', { name: 'Retry everything' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Retry everything' }).click();
    await page.waitForURL(
      (url) => url.pathname.includes('/runs/') && !url.pathname.endsWith(runId),
    );
    const retry = page.url().split('/').at(-1) ?? '';
    await ask(world, `DELETE /api/runs/${retry}`);

    expect((await ask(world, `GET /api/runs/${retry}`)).body).toMatchObject({
      retryOf: runId,
      attempt: 1,
    });
    expect(wrong).toEqual([]);
  },
);

test.skipIf(missing !== '')(
  `names that others chose are text, wherever they are shown${missing}`,
  async () => {
    await drop(world.blobs, 'parts-in', hostile, 'part');
    const runId = await begin(world, 'parts');
    await ended(world, runId);
    const { page, wrong } = await open('');

    await page.getByRole('link', { name: hostile }).waitFor();
    await page.goto(`${world.environment.appUrl}/api/console/runs/${runId}`);
    await page.getByRole('cell', { name: hostile }).waitFor();

    expect(await page.title()).toBe(`${runId} · Nightshift`);
    expect(await page.locator('main img').count()).toBe(0);
    expect(wrong).toEqual([]);
  },
);

test.skipIf(missing !== '')(
  `a key is asked for, sent as a header only, and kept for the tab${missing}`,
  async () => {
    const { page } = await open('/runs');
    const urls: string[] = [];
    page.on('request', (request) => urls.push(request.url()));
    await page.route('**/api/{runs?*,overview}', (route) =>
      route.request().headers()['x-functions-key'] === 'right-key'
        ? route.fallback()
        : route.fulfill({ status: 401 }),
    );
    await page.reload();

    await page.getByLabel('Key', { exact: true }).fill('wrong-key');
    await page.getByRole('button', { name: 'Use this key' }).click();
    await page.getByText('The app did not accept this key.').waitFor();
    await page.getByLabel('Key', { exact: true }).fill('right-key');
    await page.getByRole('button', { name: 'Use this key' }).click();
    await page.getByRole('table').waitFor();

    expect(urls.filter((url) => url.includes('-key'))).toEqual([]);
    expect(
      await page.evaluate('[localStorage.length, document.cookie, sessionStorage.length]'),
    ).toEqual([0, '', 1]);
  },
);

test.skipIf(missing !== '')(
  `without a connection the page keeps what it shows and says how old it is${missing}`,
  async () => {
    const { page, context } = await open('');
    await page.getByText('Nothing of this app is billed').waitFor();
    await page.unrouteAll();
    await context.setOffline(true);
    await page.keyboard.press('r');

    await page.getByText(/The app cannot be reached\. What you see is \d+ s old/).waitFor();
    expect(await page.getByText('Nothing of this app is billed').count()).toBe(1);
  },
);

test.skipIf(missing !== '')(
  `a workload is paused with a reason, and what the app refuses is said in its words${missing}`,
  async () => {
    const { page } = await open('/workloads/patient');

    await page.getByRole('button', { name: 'Pause' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await dialog.getByRole('alert').getByText('reason').first().waitFor();
    await dialog.getByLabel('Reason').fill('the database moves');
    await dialog.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused.', { exact: true }).waitFor();

    const { body } = await ask(world, 'POST /api/workloads/patient/resume', {});
    expect(body).toEqual({ workload: 'patient', pause: null });
  },
);

test.skipIf(missing !== '')(
  `days are selected for a backfill, whose number of runs and cost come before its button${missing}`,
  async () => {
    const { page } = await open('/workloads/marathon');
    const bodies: unknown[] = [];
    await page.route('**/api/workloads/marathon/backfill', (route) => {
      bodies.push(route.request().postDataJSON());
      return route.fulfill({
        json: {
          id: 'b1',
          dueTimes: 3,
          runs: 2,
          counts: { succeeded: 1, none: 2 },
          estimate: {
            basis: 'succeededRuns',
            basedOnRuns: 5,
            nodeMinutes: 8,
            cost: 0.5,
            minutes: 4,
          },
        },
      });
    });

    await page.getByRole('button', { name: /Nov 27$/ }).click();
    await page.getByRole('button', { name: /Nov 29$/ }).click();
    await page
      .getByText(/3 due times, of which 2 runs start one after another: about 4 min, €0\.50/)
      .waitFor();
    await page.getByRole('button', { name: 'Start 2 runs' }).click();
    await page.getByText('Backfill b1 runs over 3 due times.').waitFor();

    const range = { from: '2026-11-27', to: '2026-11-29', again: 'never' };
    expect(bodies.at(-2)).toEqual({ ...range, dryRun: true });
    expect(bodies.at(-1)).toEqual(range);
  },
);

test.skipIf(missing !== '')(
  `ten thousand tasks are shown as cells, failed first, and filtered in the address${missing}`,
  async () => {
    const runId = await begin(world, 'parts');
    await ended(world, runId);
    const { page, wrong } = await open('');
    await page.route('**/tasks?*', (route) => {
      const { searchParams } = new URL(route.request().url());
      const from = Number(searchParams.get('after')?.slice(1) ?? 0);
      return route.fulfill({ json: tasksPage(10_000, from, Number(searchParams.get('limit'))) });
    });
    await page.goto(`${world.environment.appUrl}/api/console/runs/${runId}`);

    await page.getByText('10,000 tasks', { exact: true }).waitFor();
    expect(await page.getByRole('row').nth(1).textContent()).toContain('task-7✕failed');
    await page.getByLabel('Node').selectOption('node-7');
    await page.getByRole('button', { name: /failed 10/ }).click();
    await page.waitForURL(/state=failed/);
    expect(new URL(page.url()).search).toBe('?node=node-7&state=failed');
    expect(wrong).toEqual([]);
  },
);

test.skipIf(missing !== '')(`the palette and the keys lead everywhere${missing}`, async () => {
  const { page } = await open('');
  await page.getByRole('link', { name: 'marathon', exact: true }).waitFor();

  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /^Name of a view/ }).fill('costs');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/costs$/);
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await page.waitForURL(/\/api\/console$/);
  await page.getByRole('link', { name: hostile }).waitFor();
  await page.keyboard.press('j');
  expect(await page.evaluate('document.activeElement.textContent')).toBe(hostile);
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
});

test.skipIf(missing !== '')(
  `every view is free of serious errors of accessibility in both themes, and fits a phone${missing}`,
  async () => {
    const { body } = await ask(world, 'GET /api/runs?limit=1');
    const [run] = (body as { runs: { runId: string }[] }).runs;
    const found: unknown[] = [];
    for (const [width, theme] of [
      [360, 'dark'],
      [1600, 'light'],
    ] as const) {
      const { page } = await open('', width, theme);
      for (const view of [
        '',
        '/runs',
        '/costs',
        '/workloads/marathon',
        `/runs/${run?.runId ?? ''}`,
      ]) {
        await page.goto(`${world.environment.appUrl}/api/console${view}`);
        await page.waitForLoadState('networkidle');
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<axe.AxeResults>('axe.run()');
        const serious = violations.filter(
          ({ impact }) => impact === 'serious' || impact === 'critical',
        );
        found.push(
          ...serious.map(({ id, nodes }) => [view, width, id, nodes.map(({ html }) => html)]),
        );
        const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        if (overflow !== 0) found.push([view, width, 'wider than the screen', overflow]);
      }
    }
    expect(found).toEqual([]);
  },
);
