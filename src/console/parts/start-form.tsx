import { useEffect, useMemo, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { WorkloadDetail } from '../../api/schemas/overview';
import type { Plan } from '../../client/plans';
import { planRun } from '../../client/plans';
import { startRun } from '../../client/runs';
import type { ApiError } from '../../client/api-error';
import { runAddress } from '../data/addresses';
import { send } from '../data/connection';
import { fieldsOf, parametersOf, type Entered } from '../data/parameter-fields';
import { errorOf } from '../data/query';
import { FailureNote } from './failure-note';
import { ParameterInput } from './parameter-input';
import { PlanView } from './plan-view';
import { Section } from './section';

/** A form made from the parameters of a workload. The plan of the run stands before its button. */
export function StartForm({ workload }: { readonly workload: WorkloadDetail }) {
  const { name, currency } = workload;
  const { query, route } = useLocation();
  const fields = useMemo(() => fieldsOf(workload.parameters), [name]);
  const [entered, enter] = useState<Entered>(() => givenIn(query['start']));
  const [plan, setPlan] = useState<Plan | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  // The same request sent twice is one run.
  const [key, renewKey] = useState(() => crypto.randomUUID());
  const { values, errors } = parametersOf(fields, entered);
  useEffect(() => setPlan(null), [JSON.stringify(values)]);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    await work().catch((cause: unknown) => setError(errorOf(cause)));
    setBusy(false);
  };
  const makePlan = async () => setPlan(await planRun(send, name, { parameters: values }));
  const start = async () => {
    const { runId } = await startRun(send, name, { parameters: values }, key);
    renewKey(crypto.randomUUID());
    route(runAddress(runId));
  };
  const isWrong = Object.keys(errors).length > 0;
  return (
    <Section title="Start a run">
      <form
        class="start-form"
        onSubmit={(event) => {
          event.preventDefault();
          void attempt(makePlan);
        }}
      >
        {fields.length === 0 && <p class="quiet">This workload has no parameters.</p>}
        {fields.map((field) => (
          <ParameterInput
            key={field.name}
            field={field}
            value={entered[field.name] ?? ''}
            error={
              errors[field.name] ??
              error?.errors.find((one) => one.field === `parameters.${field.name}`)?.message ??
              null
            }
            change={(value) => enter({ ...entered, [field.name]: value })}
          />
        ))}
        <div class="buttons">
          <button type="submit" disabled={isBusy || isWrong}>
            {isBusy ? 'Asking…' : plan === null ? 'Show the plan' : 'Plan again'}
          </button>
        </div>
      </form>
      <FailureNote error={error} />
      {plan !== null && (
        <PlanView plan={plan} currency={currency}>
          <button
            type="button"
            class="primary"
            disabled={isBusy || plan.errors.length > 0}
            onClick={() => void attempt(start)}
          >
            Start this run
          </button>
        </PlanView>
      )}
    </Section>
  );
}

/** Parameters that a link hands over, such as those of an earlier run. */
function givenIn(text: string | undefined): Entered {
  try {
    const given = JSON.parse(text ?? '{}') as Readonly<Record<string, unknown>>;
    const texts = Object.entries(given).map(([name, value]) => [name, String(value)]);
    return Object.fromEntries(texts) as Entered;
  } catch {
    return {};
  }
}
