import { createRequire } from 'node:module';
import path from 'node:path';
import { Language, Parser, type Node } from 'web-tree-sitter';

/** A grammar that others wrote: what it does not understand is no Bicep, or not the subset we write. */
export async function syntaxChecker(): Promise<(source: string) => string[]> {
  await Parser.init();
  const folder = path.dirname(createRequire(__filename).resolve('tree-sitter-bicep/package.json'));
  const parser = new Parser();
  parser.setLanguage(await Language.load(path.join(folder, 'tree-sitter-bicep.wasm')));
  return (source) => {
    const tree = parser.parse(source);
    if (tree === null) throw new Error('the parser gave no tree');
    return [...mistakesIn(tree.rootNode)];
  };
}

function* mistakesIn(node: Node): Generator<string> {
  if (node.isError || node.isMissing) {
    const [line, column] = [node.startPosition.row + 1, node.startPosition.column + 1];
    yield `${line}:${column}: ${node.isMissing ? `${node.type} is missing` : `cannot be read: ${node.text.split('\n')[0] ?? ''}`}`;
    return;
  }
  for (const child of node.children) if (child !== null) yield* mistakesIn(child);
}
