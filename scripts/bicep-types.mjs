// Takes a snapshot of Microsoft's own type tables, for the resource types that infra/ declares and
// no others, so that the tests can check every resource body without a network.
//
//   npm install --no-save --prefix /tmp/azmcp @azure/mcp-linux-x64@2.0.5      (137 MB)
//   node scripts/bicep-types.mjs /tmp/azmcp/node_modules/@azure/mcp-linux-x64
//
// The tables are those of one API version for each type, the newest stable one that this release of
// the tool has. A type it has no table for is listed as such: it is not checked, and the tests say so.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';
import { readArguments } from './arguments.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const {
  positionals: [folder],
} = readArguments({
  usage: `node scripts/bicep-types.mjs <folder of @azure/mcp-linux-x64>
  Takes a snapshot of Microsoft's type tables for the resource types that infra/ declares.
`,
  required: ['folder of @azure/mcp-linux-x64'],
});
const tool = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** What the hooks create through the management API is checked against the same tables. */
const ofHooks = [
  'Microsoft.EventGrid/systemTopics/eventSubscriptions',
  'Microsoft.KeyVault/vaults/secrets',
];

const declared = globSync('infra/**/*.bicep', { cwd: root }).flatMap((file) =>
  [
    ...readFileSync(path.join(root, file), 'utf8').matchAll(
      /'(Microsoft\.[A-Za-z./]+)@[\d-]+[a-z-]*'/g,
    ),
  ].map(([, type]) => type),
);

const resources = {};
const objects = {};
const unchecked = [];
for (const type of [...new Set([...declared, ...ofHooks])].sort()) {
  const rows = tableOf(type);
  if (rows === null) unchecked.push(type);
  else take(type, rows);
}

const snapshot = {
  source: `${tool.name} ${tool.version}, bicepschema get`,
  resources,
  objects: pruned(),
  unchecked,
};
const file = path.join(root, 'test/infra/bicep/types.json');
writeFileSync(file, `${JSON.stringify(snapshot)}\n`);
process.stdout.write(
  `${Object.keys(resources).length} types, ${Object.keys(snapshot.objects).length} objects; no table for ${unchecked.join(', ')}\n`,
);

function tableOf(type) {
  try {
    const run = ['bicepschema', 'get', '--resource-type', type];
    const options = { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'ignore'] };
    const answer = JSON.parse(execFileSync(path.join(folder, 'dist/azmcp'), run, options));
    return answer.results.BicepSchemaResult;
  } catch {
    return null;
  }
}

function take(type, rows) {
  const provider = type.split('/')[0];
  for (const row of rows) {
    if (row.$type === 'Resource') {
      resources[type] = { version: row.name.split('@')[1], body: shapeOf(row.bodyType) };
    } else if (row.$type !== 'ResourceInstanceFunction') {
      objects[`${provider}:${row.name}`] = shapeOf(row);
    }
  }
}

/** `{p: {name: [type, flags, bounds]}, a: type of other properties, d: discriminator, e: cases}` */
function shapeOf(row) {
  const shape = {
    p: Object.fromEntries(
      (row.properties ?? row.baseProperties ?? []).map((p) => [p.name, propertyOf(p)]),
    ),
  };
  if (row.additionalPropertiesType) shape.a = row.additionalPropertiesType;
  if (row.discriminator) {
    shape.d = row.discriminator;
    shape.e = (row.elements ?? []).map((element) => shapeOf(element));
  }
  return shape;
}

function propertyOf({ type, flags = '', modifiers = '' }) {
  const letters = [/Required/.test(flags) && 'r', /ReadOnly/.test(flags) && 'o']
    .filter(Boolean)
    .join('');
  const parts = [type, letters, modifiers];
  while (parts.at(-1) === '') parts.pop();
  return parts;
}

/** Only what a resource body can reach, not counting what is read-only. */
function pruned() {
  const kept = {};
  const visit = (shape, provider) => {
    for (const [type, flags = ''] of Object.values(shape.p))
      if (!flags.includes('o')) follow(type, provider);
    if (shape.a) follow(shape.a, provider);
    for (const element of shape.e ?? []) visit(element, provider);
  };
  const follow = (type, provider) => {
    const key = `${provider}:${type.replaceAll('[]', '')}`;
    if (key in kept || !(key in objects)) return;
    kept[key] = objects[key];
    visit(objects[key], provider);
  };
  for (const [type, { body }] of Object.entries(resources)) visit(body, type.split('/')[0]);
  return Object.fromEntries(Object.entries(kept).sort(([a], [b]) => a.localeCompare(b)));
}
