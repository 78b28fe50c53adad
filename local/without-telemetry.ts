// Preloaded into Azurite, whose telemetry is switched off by an option: loading its library takes more
// than a second of processor time at every start, and nothing of it is used then.
const { createRequire, Module } = process.getBuiltinModule('node:module');

// Next to Azurite, which npm may have given a version of its own.
const library = createRequire(process.argv[1] ?? __filename).resolve('applicationinsights');
const empty = new Module(library);
empty.exports = {};
empty.loaded = true;
require.cache[library] = empty;
