import { transformSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';
import type { WorkloadDeclaration } from '../../src/workload/workload';

const root = path.resolve(__dirname, '..', '..');

/** The declarations in the code blocks of a document, one a block, as a reader would copy them. */
export function recipesIn(document: string): readonly WorkloadDeclaration[] {
  const text = readFileSync(path.join(root, document), 'utf8');
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => {
    let declared: unknown;
    const defineWorkload = (declaration: unknown) => {
      declared = declaration;
    };
    const require = () => ({ defineWorkload });
    const script = transformSync(code, { loader: 'ts', format: 'cjs' }).code;
    runInNewContext(script, { defineWorkload, require, module: {} });
    // Objects of another context have other prototypes; JSON has none.
    return JSON.parse(JSON.stringify(declared)) as WorkloadDeclaration;
  });
}
