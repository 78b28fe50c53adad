// The whole environment in a process of its own, so that a test can kill all of it at once. Takes
// what `startEnvironment` is told as its first message, and answers with where everything is.
import { startEnvironment } from '../../dist/local/environment.js';

process.once('message', (start) => {
  const log = (part, line) => process.send({ kind: 'line', line: `${part}: ${line}` });
  startEnvironment({ ...start, log }).then(
    ({ appUrl, storage, certificate, batch, vaultUrl, parts }) =>
      process.send({
        kind: 'ready',
        pids: [process.pid, ...parts.map(({ pid }) => pid)],
        addresses: {
          appUrl,
          storage: {
            blobUrl: storage.blobUrl,
            queueUrl: storage.queueUrl,
            tableUrl: storage.tableUrl,
            account: storage.account,
          },
          certificate,
          batch,
          vaultUrl,
        },
      }),
    (error) => {
      process.send({ kind: 'line', line: String(error) });
      process.exit(1);
    },
  );
});
