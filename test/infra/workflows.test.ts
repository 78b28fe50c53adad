import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonAt, textAt } from './deployment';
import { profile, theOne } from './planned';

type Step = Readonly<Record<string, unknown>>;

interface Workflow {
  readonly on: unknown;
  readonly permissions: unknown;
  readonly concurrency: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
}

const workflowAt = (name: string) => parse(textAt(`.github/workflows/${name}.yml`)) as Workflow;

const deploy = workflowAt('azure-dev');
const ci = workflowAt('ci');
const workflows = { 'azure-dev': deploy, ci };

/** What a step does: its action without the pinned commit, or the first line of its command. */
function doingOf({ uses, run }: Step): unknown {
  return (uses as string | undefined)?.split('@')[0] ?? (run as string).split('\n')[0] ?? '';
}

test('every action is pinned to a commit, with its version beside it', () => {
  const uses = ['azure-dev', 'ci'].flatMap((name) =>
    [...textAt(`.github/workflows/${name}.yml`).matchAll(/uses: (.*)$/gm)].map(
      ([, use = '']) => use,
    ),
  );
  expect(uses.length).toBeGreaterThan(5);
  expect(uses.filter((use) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use))).toEqual(
    [],
  );
});

function deployedNode(): string {
  const config = theOne(profile('plain'), 'Microsoft.Web/sites').properties['functionAppConfig'];
  return (config as { runtime: { version: string } }).runtime.version;
}

test('the deployment may sign in as itself and read the repository, and CI may only read', () => {
  expect(deploy.permissions).toEqual({ 'id-token': 'write', contents: 'read' });
  expect(ci.permissions).toEqual({ contents: 'read' });
  for (const { jobs } of Object.values(workflows))
    expect(Object.values(jobs).filter((job) => 'permissions' in job)).toEqual([]);
});

test('the deployment gets its target from the variables that azd sets up, and is skipped without them', () => {
  const { env, if: condition } = deploy.jobs['deploy'] ?? {};
  const names = [
    'AZURE_CLIENT_ID',
    'AZURE_TENANT_ID',
    'AZURE_SUBSCRIPTION_ID',
    'AZURE_ENV_NAME',
    'AZURE_LOCATION',
  ];
  expect(env).toEqual(Object.fromEntries(names.map((name) => [name, `\${{ vars.${name} }}`])));
  expect(condition).toBe("vars.AZURE_SUBSCRIPTION_ID != ''");
});

test('the deployment signs in, passes its settings, previews the changes, and then deploys', () => {
  expect(deploy.jobs['deploy']?.steps.map(doingOf)).toEqual([
    'actions/checkout',
    'actions/setup-node',
    'Azure/setup-azd',
    'azd auth login `',
    "node -e '",
    'npm ci',
    'azd provision --preview --no-prompt',
    'azd provision --no-prompt',
    'azd deploy --no-prompt',
  ]);
});

test('the deployment signs in by the federated credential of the pipeline only', () => {
  const signIn = deploy.jobs['deploy']?.steps.find((step) => doingOf(step) === 'azd auth login `');
  expect(signIn).toEqual({
    name: 'Sign in without a secret',
    shell: 'pwsh',
    run: [
      'azd auth login `',
      '  --client-id "$Env:AZURE_CLIENT_ID" `',
      '  --federated-credential-provider "github" `',
      '  --tenant-id "$Env:AZURE_TENANT_ID"',
      '',
    ].join('\n'),
  });
});

test('no pipeline reads a secret, and none continues after a failed step', () => {
  for (const workflow of Object.values(workflows)) {
    const texts = [...textsIn(workflow)];
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter((text) => /\bsecrets\b/.test(text))).toEqual([]);
    expect(texts.filter((text) => /\|\|\s*(true|:)|^continue-on-error$/.test(text))).toEqual([]);
  }
});

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield* Object.keys(value);
  for (const one of Object.values(value)) yield* textsIn(one);
}

test('one deployment runs at a time and is not cancelled; a newer test run cancels the older', () => {
  expect(deploy.concurrency).toBe('deploy');
  expect(ci.concurrency).toEqual({ group: 'ci-${{ github.ref }}', 'cancel-in-progress': true });
});

test('pushes to main are deployed, and tested like every pull request', () => {
  expect(deploy.on).toEqual({ workflow_dispatch: null, push: { branches: ['main'] } });
  expect(ci.on).toEqual({
    push: { branches: ['main'] },
    pull_request: null,
    workflow_dispatch: null,
  });
});

test('CI tests, packs and compiles', () => {
  const doing = Object.entries(ci.jobs).map(([name, { steps }]) => [name, steps.map(doingOf)]);
  const start = ['actions/checkout', 'actions/setup-node', 'npm ci'];
  expect(Object.fromEntries(doing)).toEqual({
    test: [...start, 'node scripts/bicep.mjs', 'node scripts/real-engine.mjs', 'npm test'],
    macos: [...start, 'npm test'],
    package: [...start, 'node scripts/package.mjs --measure', 'actions/upload-artifact'],
    bicep: [
      'actions/checkout',
      'az bicep install',
      'az bicep lint --file infra/main.bicep',
      expect.stringMatching(
        /^az bicep build --file infra\/main\.bicep --stdout > main\.json 2> said\.txt \|\| .*exit 1/,
      ),
      expect.stringMatching(/grep -qE 'BCP03\[567\]' said\.txt; then exit 1/),
      expect.stringMatching(/^node -e "const t = require\('\.\/main\.json'\)/),
    ],
  });
  expect(ci.jobs['package']?.steps.at(-1)?.['with']).toEqual({
    name: 'sbom',
    path: 'out/sbom.cdx.json',
  });
});

test('tests run on the oldest supported Node and on the deployed one, everything else on the latter', () => {
  const { engines } = jsonAt<{ engines: { node: string } }>('package.json');
  expect(ci.jobs['test']?.strategy?.matrix.node.map((version) => `>=${version}`)).toEqual([
    engines.node,
    `>=${deployedNode()}`,
  ]);
  const versions = Object.values(workflows).flatMap(({ jobs }) =>
    Object.values(jobs).flatMap(({ steps }) =>
      steps
        .filter((step) => doingOf(step) === 'actions/setup-node')
        .map((step) => (step['with'] as Step)['node-version']),
    ),
  );
  expect(versions).toEqual([deployedNode(), '${{ matrix.node }}', deployedNode(), deployedNode()]);
});
