import { partsOf, type Expression } from './expressions';
import type { Template } from './template';

/**
 * The resources and modules of a file that one of its declarations waits for: those it names,
 * `dependsOn` among them, by itself, through a variable or through what exists already. An id that
 * is put together from texts makes nothing wait.
 */
export function waitsFor(template: Template, value: Expression): string[] {
  const { vars, resources, modules } = template;
  const through = new Map(
    [...vars, ...resources.filter(({ existing }) => existing)].map((one) => [one.name, one.value]),
  );
  const made = new Set([...resources, ...modules].map(({ name }) => name));
  const found = new Set<string>();
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const name of namesIn(next)) {
      if (found.has(name)) continue;
      found.add(name);
      const further = through.get(name);
      if (further !== undefined) open.push(further);
    }
  return [...found].filter((name) => made.has(name) && !through.has(name)).sort();
}

function namesIn(expression: Expression): string[] {
  if (expression.kind === 'name') return [expression.name];
  const inner = partsOf(expression).flatMap(namesIn);
  if (expression.kind !== 'lambda' && expression.kind !== 'loop') return inner;
  // What a loop hides is not named by its own `over`, which stands outside.
  const own = expression.kind === 'loop' ? namesIn(expression.over) : [];
  return [...own, ...inner.filter((name) => !expression.names.includes(name))];
}

/** What is done before each part of a deployment begins, by paths such as `storage/account`. */
export function doneBefore(
  path: string,
  waits: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const done = new Set<string>();
  const open = [...prefixesOf(path)].flatMap((one) => waits.get(one) ?? []);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (done.has(next)) continue;
    done.add(next);
    open.push(...(waits.get(next) ?? []));
    // A module is done when all in it is.
    open.push(...[...waits.keys()].filter((one) => one.startsWith(`${next}/`)));
  }
  return done;
}

/** A part of a module waits for what the module waits for. */
function* prefixesOf(path: string): Generator<string> {
  const parts = path.split('/');
  for (const [index] of parts.entries()) yield parts.slice(0, index + 1).join('/');
}
