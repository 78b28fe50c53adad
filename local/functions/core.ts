import Module from 'node:module';
import type {
  FunctionCallback,
  FunctionMetadata,
  LogCategory,
  LogLevel,
  ProgrammingModel,
} from './wire';

/**
 * The module `@azure/functions-core`, which the app's libraries require by name and which the real
 * worker provides itself. A `Registry` collects everything that one app registers through it:
 * functions, hooks, log lines. `@azure/functions` keeps the module it found for the life of the
 * process, so there is one module, which delegates to one registry at a time.
 */
export class Registry {
  readonly functions = new Map<string, RegisteredFunction>();
  /** Data that hooks share for the life of the app. */
  readonly appHookData: Record<string, unknown> = {};
  /** Data that the hooks of the app's start and end share. */
  readonly appLevelHookData: Record<string, unknown> = {};
  readonly #hooks: Record<HookName, HookCallback[]> = {
    appStart: [],
    appTerminate: [],
    preInvocation: [],
    postInvocation: [],
    log: [],
  };
  #locked = false;

  constructor(readonly write: (line: AppLogLine) => void) {}

  /** From now on registration is refused: the functions are indexed. */
  lock(): void {
    this.#locked = true;
  }

  register(metadata: FunctionMetadata, callback: FunctionCallback): Disposable {
    if (this.#locked) throw systemError('A function can only be registered during app startup.');
    const id = metadata.functionId ?? metadata.name;
    if (this.functions.has(id))
      throw systemError(`A function with id "${id}" has already been registered.`);
    const trigger = Object.entries(metadata.bindings).find(([, { type }]) =>
      /trigger$/i.test(type),
    );
    if (trigger === undefined) throw systemError(`The function "${metadata.name}" has no trigger.`);

    this.functions.set(id, {
      id,
      name: metadata.name,
      metadata,
      callback,
      triggerName: trigger[0],
    });
    return new Disposable(() => {
      if (!this.#locked) this.functions.delete(id);
    });
  }

  addHook(name: HookName, callback: HookCallback): Disposable {
    const hooks = Object.hasOwn(this.#hooks, name) ? this.#hooks[name] : undefined;
    // The library recognises this error and turns it into advice about the host's version.
    if (hooks === undefined)
      throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), SYSTEM_ERROR);

    hooks.push(callback);
    return new Disposable(() => {
      const at = hooks.indexOf(callback);
      if (at >= 0) hooks.splice(at, 1);
    });
  }

  async runHooks(name: HookName, context: object): Promise<void> {
    for (const hook of this.#hooks[name]) await hook(context);
  }

  hasHooks(name: HookName): boolean {
    return this.#hooks[name].length > 0;
  }

  /** A `log` hook may change the level and the message before they are written. */
  log(line: AppLogLine): void {
    const context = { ...line, hookData: {}, appHookData: this.appHookData };
    for (const hook of this.#hooks.log) hook(context);
    this.write({ ...line, level: context.level, message: context.message });
  }
}

export interface RegisteredFunction {
  readonly id: string;
  readonly name: string;
  readonly metadata: FunctionMetadata;
  readonly callback: FunctionCallback;
  readonly triggerName: string;
}

export type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log';
export type HookCallback = (context: object) => unknown;

export interface AppLogLine {
  readonly level: LogLevel;
  readonly category: LogCategory;
  readonly message: string;
  readonly functionName?: string;
  readonly invocationContext?: unknown;
}

/** The object that the library returns for every registration. */
export class Disposable {
  #undo: (() => unknown) | undefined;

  constructor(undo: () => unknown) {
    this.#undo = undo;
  }

  static from(...items: readonly { dispose(): unknown }[]): Disposable {
    return new Disposable(() => {
      for (const item of items) item.dispose();
    });
  }

  dispose(): unknown {
    const undo = this.#undo;
    this.#undo = undefined;
    return undo?.();
  }
}

/** The versions that a library may print. They are not those of a real release. */
const WORKER_VERSION = '3.0.0-local';
const HOST_VERSION = '4.1000.0-local';
const SYSTEM_ERROR = { isAzureFunctionsSystemError: true } as const;
const CORE = '@azure/functions-core';

let current: Registry | undefined;
// Set once per process, at the first registration.
let programmingModel: ProgrammingModel | undefined;

const core = {
  version: WORKER_VERSION,
  hostVersion: HOST_VERSION,
  Disposable,
  setProgrammingModel: (model: ProgrammingModel) => {
    programmingModel = model;
  },
  getProgrammingModel: () => programmingModel,
  registerFunction: (metadata: FunctionMetadata, callback: FunctionCallback) =>
    open().register(metadata, callback),
  registerHook: (name: HookName, callback: HookCallback) => open().addHook(name, callback),
  log: (level: LogLevel, category: LogCategory, message: string) =>
    current?.log({ level, category, message }),
};

/** Makes the module delegate to `registry`, and installs the module in this process. */
export function install(registry: Registry): void {
  if (current !== undefined)
    throw new Error('This process already runs a Functions host; close it first.');
  current = registry;
  wrapRequire();
}

/** Detaches `registry`, so that the process can start another host. */
export function uninstall(registry: Registry): void {
  if (current === registry) current = undefined;
}

/** The programming model that the app registered with; undefined if it registered nothing. */
export function modelInUse(): ProgrammingModel | undefined {
  return programmingModel;
}

let wrapped = false;

/** The real worker wraps the same method. ES-module apps call it too: the library is CommonJS. */
function wrapRequire(): void {
  if (wrapped) return;
  wrapped = true;
  // oxlint-disable-next-line typescript/unbound-method -- called on the module that requires
  const original = Module.prototype.require;
  const answering = function (this: Module, id: string): unknown {
    return id === CORE ? core : original.call(this, id);
  };
  Module.prototype.require = Object.assign(answering, original);
}

function open(): Registry {
  if (current === undefined) throw systemError('No Functions host is open in this process.');
  return current;
}

function systemError(message: string): Error {
  return Object.assign(new Error(message), SYSTEM_ERROR);
}
