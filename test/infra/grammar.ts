import { createRequire } from 'node:module';
import path from 'node:path';
import { Language, Parser, type Node } from 'web-tree-sitter';

/** Where each package has its grammar. The one for PowerShell is the one that VS Code itself uses. */
const grammars = {
  bicep: ['tree-sitter-bicep', 'tree-sitter-bicep.wasm'],
  powershell: ['@vscode/tree-sitter-wasm', 'wasm/tree-sitter-powershell.wasm'],
} as const;

/** Grammars that others wrote: what one does not understand is not its language, or not the subset we write. */
export async function syntaxChecker(
  language: keyof typeof grammars,
): Promise<(source: string) => string[]> {
  await Parser.init();
  const [name, file] = grammars[language];
  const folder = path.dirname(createRequire(__filename).resolve(`${name}/package.json`));
  const parser = new Parser();
  parser.setLanguage(await Language.load(path.join(folder, file)));
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
