// Loaded before a program that does not know its parent (Azurite): it must not outlive it, and on
// SIGTERM it writes down what it still holds in memory.
const LAST_MOMENT_MS = 10_000;

// The channel to the parent must not keep the program alive once it has closed its servers.
process.channel?.unref();
// What it still says then goes nowhere; an error about that would end it before it has saved.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

process.once('disconnect', () => {
  setTimeout(() => process.exit(1), LAST_MOMENT_MS).unref();
  process.kill(process.pid, 'SIGTERM');
});
