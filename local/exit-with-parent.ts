// Preloaded into a program that does not watch its parent (Azurite): it must end with the parent,
// and on SIGTERM it saves what is in memory.
const LAST_MOMENT_MS = 10_000;

// The channel to the parent must not keep the program alive once it has closed its servers.
process.channel?.unref();
// Later output has no reader; an error about that would end the program before it has saved.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), LAST_MOMENT_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
