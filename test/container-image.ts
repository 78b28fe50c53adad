import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/**
 * An image for tests that run real containers, made from this machine's own shell and its
 * libraries: nothing is pulled, so that it is there without a network.
 */

export const IMAGE = 'localhost/nightshift-test:1';

/** What the image says of itself. */
const CONFIGURATION = [
  'CMD ["/bin/sh", "-c", "echo the image speaks"]',
  'WORKDIR /opt/image',
  'ENV FROM_IMAGE=yes',
];

const PROGRAMS = ['sh', 'cat', 'cp', 'env', 'id', 'ls', 'mkdir', 'sleep', 'true'];

/** Where engines and programs are looked for, here and by the nodes of these tests. */
export const searchPath = '/usr/local/bin:/usr/bin:/bin';

export interface Engine {
  readonly name: 'docker' | 'podman';
  /** What it says to `words`; throws when it refuses. */
  ask(...words: readonly string[]): string;
}

/**
 * The engine that runs containers of `IMAGE` here, or the reason why none does. The engine is
 * called as a node calls it, with nothing of this user's environment but the search path.
 */
export function containerEngine(): Engine | string {
  if (process.platform !== 'linux') return 'the image is made from the programs of a Linux machine';
  const reasons: string[] = [];
  for (const name of ['docker', 'podman'] as const) {
    const reason = makeImage(name);
    if (reason === undefined) return { name, ask: (...words) => ask(name, words) };
    reasons.push(`${name}: ${reason}`);
  }
  return reasons.join('; ');
}

/** What the title of a test says when no engine runs containers here; empty when one does. */
export function whySkipped(engine: Engine | string): string {
  return typeof engine === 'string' ? `: skipped, no container engine runs here (${engine})` : '';
}

function ask(engine: string, words: readonly string[], input?: Buffer): string {
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  try {
    const { status, stdout, stderr, error } = spawnSync(engine, words, {
      env: { PATH: searchPath, HOME: home },
      timeout: 60_000,
      ...(input !== undefined && { input }),
    });
    if (status === 0) return stdout.toString();
    throw new Error(error?.message ?? lastLine(stderr.toString()));
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';

/** Makes the image and runs it once; the answer is why that is not possible. */
function makeImage(engine: 'docker' | 'podman'): string | undefined {
  try {
    ask(engine, ['version']);
    const changes = CONFIGURATION.flatMap((line) => ['--change', line]);
    if (!hasImage(engine, IMAGE))
      ask(engine, ['import', ...changes, '-', IMAGE], rootArchive(PROGRAMS));
    ask(engine, ['run', '--rm', IMAGE, '/bin/true']);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The image with this machine's Node.js, on which an image of the stand-in can be built. */
export function nodeImage({ name }: Engine): string {
  const image = `localhost/nightshift-test-node:${process.version}`;
  if (!hasImage(name, image))
    ask(name, ['import', '-', image], rootArchive([...PROGRAMS, process.execPath]));
  return image;
}

function hasImage(engine: string, image: string): boolean {
  try {
    ask(engine, ['image', 'inspect', image]);
    return true;
  } catch {
    return false;
  }
}

/** A root file system with the programs, by name or by path, as a tar archive. */
function rootArchive(programs: readonly string[]): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'image-'));
  try {
    for (const folder of ['bin', 'tmp', 'opt/image', 'etc'])
      mkdirSync(join(root, folder), { recursive: true });
    for (const program of programs) {
      const file = ['/bin', '/usr/bin', '/']
        .map((at) => join(at, program))
        .find((at) => existsSync(at));
      if (file === undefined) throw new Error(`${program} is not on this machine`);
      copyInto(root, file, join('/bin', basename(program)));
      for (const library of librariesOf(file)) copyInto(root, library, library);
    }
    const { status, stdout, stderr } = spawnSync('tar', ['-C', root, '-c', '.'], {
      maxBuffer: 2 ** 28,
    });
    if (status !== 0) throw new Error(lastLine(stderr.toString()));
    return stdout;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function copyInto(root: string, from: string, to: string): void {
  const target = join(root, to);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(realpathSync(from), target);
}

/** The shared libraries of a program, and the loader: every path that `ldd` names. */
function librariesOf(file: string): readonly string[] {
  const { stdout } = spawnSync('ldd', [file], { encoding: 'utf8' });
  return (stdout.match(/\/\S+(?= \(0x)/g) ?? []).filter(
    (library) => readFileSync(library).length > 0,
  );
}
