import * as df from 'durable-functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

// Random workflows: what the engine makes of them is what reading them aloud gives. The library
// and the host number their tasks apart from each other; any disagreement fails an instance.

type Program = readonly Piece[];

type Piece =
  | { readonly kind: 'call'; readonly value: number }
  | { readonly kind: 'retry'; readonly key: string; readonly failures: number }
  | { readonly kind: 'exhaust'; readonly key: string; readonly attempts: number }
  | { readonly kind: 'sleep'; readonly seconds: number }
  | { readonly kind: 'race'; readonly value: number; readonly isLong: boolean }
  | { readonly kind: 'timeout'; readonly seconds: number }
  | { readonly kind: 'event'; readonly name: string }
  | { readonly kind: 'child'; readonly program: Program }
  | { readonly kind: 'count'; readonly by: number }
  | { readonly kind: 'all'; readonly pieces: readonly Parallel[] };

/** What can stand side by side. */
type Parallel = Extract<Piece, { kind: 'call' | 'retry' | 'sleep' | 'child' }>;

/** What a program comes to, without any engine. */
function meaningOf(program: Program): readonly unknown[] {
  let count = 0;
  const of = (piece: Piece): unknown => {
    switch (piece.kind) {
      case 'call':
      case 'race':
        return piece.value;
      case 'retry':
        return piece.failures + 1;
      case 'exhaust':
        return `gave up after ${piece.attempts}`;
      case 'sleep':
        return 'slept';
      case 'timeout':
        return 'timed out';
      case 'event':
        return `word of ${piece.name}`;
      case 'child':
        return meaningOf(piece.program);
      case 'count':
        count += piece.by;
        return count;
      case 'all':
        return piece.pieces.map(of);
    }
  };
  return program.map(of);
}

let hub: TestHub;
const attempts = new Map<string, number>();

beforeAll(async () => {
  hub = await startTestHub({ register });
});
afterAll(() => hub.close());

function register(): void {
  df.app.activity('give', { handler: ({ value }: { value: number }) => value });
  df.app.activity('flaky', {
    handler: ({ key, failures }: { key: string; failures: number }) => {
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      if (attempt <= failures) throw new Error(`attempt ${attempt}`);
      return attempt;
    },
  });
  df.app.entity<number>('total', ({ df: entity }) => {
    const total = (entity.getState(() => 0) ?? 0) + (entity.getInput<number>() ?? 0);
    entity.setState(total);
    entity.return(total);
  });
  df.app.orchestration('program', function* (context): Generator<Task, unknown, never> {
    const results: unknown[] = [];
    for (const piece of context.df.getInput<Program>())
      results.push(yield* perform(context, piece));
    return results;
  });
}

const retry = new df.RetryOptions(2000, 4);

function later(context: OrchestrationContext, seconds: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
}

function taskFor(context: OrchestrationContext, piece: Parallel): Task {
  switch (piece.kind) {
    case 'call':
      return context.df.callActivity('give', piece);
    case 'retry':
      return context.df.callActivityWithRetry('flaky', retry, piece);
    case 'sleep':
      return context.df.createTimer(later(context, piece.seconds));
    case 'child':
      return context.df.callSubOrchestrator('program', piece.program);
  }
}

function* perform(context: OrchestrationContext, piece: Piece): Generator<Task, unknown, never> {
  switch (piece.kind) {
    case 'sleep':
      yield taskFor(context, piece);
      return 'slept';
    case 'exhaust': {
      const options = new df.RetryOptions(1000, piece.attempts);
      options.backoffCoefficient = 1.5;
      try {
        return yield context.df.callActivityWithRetry('flaky', options, { ...piece, failures: 99 });
      } catch {
        return `gave up after ${attempts.get(piece.key)}`;
      }
    }
    case 'race': {
      const timer = context.df.createTimer(later(context, piece.isLong ? 30 * 86_400 : 500));
      const call = context.df.callActivity('give', piece);
      yield context.df.Task.any([timer, call]);
      timer.cancel();
      return call.result;
    }
    case 'timeout': {
      const timer = context.df.createTimer(later(context, piece.seconds));
      const event = context.df.waitForExternalEvent('never');
      const winner: Task = yield context.df.Task.any([event, timer]);
      return winner === timer ? 'timed out' : 'an event';
    }
    case 'event':
      return yield context.df.waitForExternalEvent(piece.name);
    case 'count': {
      const total = new df.EntityId('total', context.df.instanceId);
      if (piece.by % 2 === 0) return yield context.df.callEntity(total, 'add', piece.by);
      context.df.signalEntity(total, 'add', piece.by);
      return yield context.df.callEntity(total, 'get', 0);
    }
    case 'all': {
      const tasks = piece.pieces.map((each) => taskFor(context, each));
      const results: readonly unknown[] = yield context.df.Task.all(tasks);
      return results.map((result, i) => (piece.pieces[i]?.kind === 'sleep' ? 'slept' : result));
    }
    default:
      return yield taskFor(context, piece);
  }
}

/** A repeatable stretch of chance. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

function newProgram(roll: (below: number) => number, name: string, depth = 0): Program {
  const parallel = (key: string): Parallel => {
    const kinds: readonly (() => Parallel)[] = [
      () => ({ kind: 'call', value: roll(100) }),
      () => ({ kind: 'retry', key, failures: roll(4) }),
      () => ({ kind: 'sleep', seconds: roll(20) }),
      () => ({ kind: 'child', program: newProgram(roll, key, depth + 1) }),
    ];
    return (kinds[roll(depth < 2 ? 4 : 3)] ?? (() => ({ kind: 'call', value: 0 })))();
  };
  const piece = (key: string): Piece => {
    const kinds: readonly (() => Piece)[] = [
      () => parallel(key),
      () => ({
        kind: 'all',
        pieces: Array.from({ length: 1 + roll(4) }, (_, i) => parallel(`${key}.${i}`)),
      }),
      () => ({ kind: 'exhaust', key, attempts: 1 + roll(3) }),
      () => ({ kind: 'race', value: roll(100), isLong: roll(3) === 0 }),
      () => ({ kind: 'timeout', seconds: roll(30) }),
      () => ({ kind: 'count', by: 1 + roll(9) }),
      () => (depth === 0 ? { kind: 'event', name: key } : parallel(key)),
    ];
    return (kinds[roll(kinds.length)] ?? (() => parallel(key)))();
  };
  return Array.from({ length: 1 + roll(6) }, (_, i) => piece(`${name}_${i}`));
}

const PROGRAMS = 150;

test(
  `${PROGRAMS} random workflows return their expected results`,
  { timeout: 120_000 },
  async () => {
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const id = `p${seed}`;
      const program = newProgram(dice(seed), id);
      await hub.start('program', id, program);
      // Some events come before they are waited for, some long before.
      for (const piece of program)
        if (piece.kind === 'event') await hub.raiseEvent(id, piece.name, `word of ${piece.name}`);

      const { runtimeStatus, output } = await hub.runToEnd(id);
      expect({ program, runtimeStatus, output }).toEqual({
        program,
        runtimeStatus: 'Completed',
        output: meaningOf(program),
      });
    }
  },
);
