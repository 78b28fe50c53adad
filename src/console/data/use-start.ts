import { useEffect, useMemo, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { WorkloadDetail } from '../../api/schemas/overview';
import { planRun, type Plan } from '../../client/plans';
import { startRun } from '../../client/runs';
import { runAddress } from './addresses';
import { send } from './connection';
import { fieldsOf, parametersOf, type Entered, type ParameterField } from './parameter-fields';
import { useAction, type Action } from './use-action';

export interface Start extends Omit<Action, 'attempt'> {
  readonly fields: readonly ParameterField[];
  readonly entered: Entered;
  /** The message on a field, of the browser or of the app; null for none. */
  errorOfField(name: string): string | null;
  readonly isWrong: boolean;
  /** The plan of these parameters; null before it was asked for, and after a change. */
  readonly plan: Plan | null;
  enter(name: string, value: string): void;
  makePlan(): void;
  start(): void;
}

/** A form that starts a run: what was entered, its plan, and the request. */
export function useStart({ name, parameters }: WorkloadDetail): Start {
  const { query, route } = useLocation();
  const fields = useMemo(() => fieldsOf(parameters), [name]);
  const [entered, setEntered] = useState<Entered>(() => givenIn(query['start']));
  const [plan, setPlan] = useState<Plan | null>(null);
  const { attempt, isBusy, error } = useAction();
  // The same request sent twice is one run.
  const key = useMemo(() => crypto.randomUUID(), [plan]);
  const { values, errors } = parametersOf(fields, entered);
  useEffect(() => setPlan(null), [JSON.stringify(values)]);
  const refused = error?.errors ?? [];
  return {
    fields,
    entered,
    isBusy,
    error,
    plan,
    isWrong: Object.keys(errors).length > 0,
    errorOfField: (field) =>
      errors[field] ?? refused.find((one) => one.field === `parameters.${field}`)?.message ?? null,
    enter: (field, value) => setEntered({ ...entered, [field]: value }),
    makePlan: () =>
      void attempt(async () => setPlan(await planRun(send, name, { parameters: values }))),
    start: () =>
      void attempt(async () => {
        const { runId } = await startRun(send, name, { parameters: values }, key);
        route(runAddress(runId));
      }),
  };
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
