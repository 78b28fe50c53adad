// Loaded before a program that does not know its parent (Azurite): it must not outlive it, and on
// SIGTERM it writes down what it still holds in memory.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
