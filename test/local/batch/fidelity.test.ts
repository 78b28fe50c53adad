import { expect, test } from 'vitest';
import { fidelity, operationsOf } from '../../../local/batch/fidelity';
import { routes } from '../../../local/batch/routes';
import { Refusal } from '../../../local/batch/wire/refusals';

test('the table of fidelity has every operation of the service once', () => {
  const listed = fidelity.flatMap((row) => operationsOf(row));

  expect([...listed].sort()).toEqual(routes.map(({ verb, path }) => `${verb} ${path}`).sort());
});

test('the operations of a row that says no reply 501, and no others do', async () => {
  const answers = await Promise.all(
    routes.map(({ operation }) =>
      Promise.resolve()
        .then(operation as () => unknown)
        .catch((error: unknown) => error),
    ),
  );
  const refused = routes.filter(
    (_, index) => answers[index] instanceof Refusal && answers[index].status === 501,
  );
  const no = fidelity.filter(({ how }) => how === 'no').flatMap((row) => operationsOf(row));

  expect([...no].sort()).toEqual(refused.map(({ verb, path }) => `${verb} ${path}`).sort());
});
