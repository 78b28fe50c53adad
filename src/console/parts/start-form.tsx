import type { WorkloadDetail } from '../../api/schemas/overview';
import { useStart, type Start } from '../data/use-start';
import { FailureNote } from './failure-note';
import { ParameterInput } from './parameter-input';
import { PlanView } from './plan-view';
import { Section } from './section';

/** A form made from the parameters of a workload. The plan of the run stands before its button. */
export function StartForm({ workload }: { readonly workload: WorkloadDetail }) {
  const form = useStart(workload);
  const { plan, error, isBusy } = form;
  return (
    <Section title="Start a run">
      <ParameterForm form={form} />
      <FailureNote error={error} />
      {plan !== null && (
        <PlanView plan={plan} currency={workload.currency}>
          <button
            type="button"
            class="primary"
            disabled={isBusy || plan.errors.length > 0}
            onClick={form.start}
          >
            Start this run
          </button>
        </PlanView>
      )}
    </Section>
  );
}

function ParameterForm({ form }: { readonly form: Start }) {
  const { fields, entered, plan, isBusy, isWrong } = form;
  const submit = (event: Event) => {
    event.preventDefault();
    form.makePlan();
  };
  return (
    <form class="start-form" onSubmit={submit}>
      {fields.length === 0 && <p class="quiet">This workload has no parameters.</p>}
      {fields.map((field) => (
        <ParameterInput
          key={field.name}
          field={field}
          value={entered[field.name] ?? ''}
          error={form.errorOfField(field.name)}
          change={(value) => form.enter(field.name, value)}
        />
      ))}
      <div class="buttons">
        <button type="submit" disabled={isBusy || isWrong}>
          {isBusy ? 'Asking…' : plan === null ? 'Show the plan' : 'Plan again'}
        </button>
      </div>
    </form>
  );
}
