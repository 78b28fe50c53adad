import type { WorkloadDetail } from '../../api/schemas/overview';
import { moneyText, numberText } from '../format/numbers';
import { durationText } from '../format/times';
import { MonthSpend } from './month-spend';
import { Section } from './section';

interface Props {
  readonly workload: WorkloadDetail;
}

const MINUTE = 60_000;
const SHAPES = {
  whole: 'one program',
  split: 'a program that splits the work',
  perBlob: 'a task for each file',
  sweep: 'a task for each combination of values',
  tasks: 'declared tasks',
} as const;

/** The declaration in short. */
export function WorkloadFacts({ workload: { declared, month, currency } }: Props) {
  const { price, capCost } = declared;
  const rows: readonly (readonly [string, string])[] = [
    ['Work', SHAPES[declared.work]],
    [
      'Nodes',
      `${declared.vmSize ?? declared.existingPool ?? ''}, at most ${numberText(declared.maxNodes)}`,
    ],
    ['Tasks on a node', numberText(declared.slotsPerNode)],
    ['Deadline', durationText(declared.deadlineMinutes * MINUTE)],
    ['Starts within', durationText(declared.startWithinMinutes * MINUTE)],
    ['Outputs kept', `${numberText(declared.keepOutputsDays)} days`],
    ['Inputs', declared.inputContainer ?? 'none'],
    ['Price of a Spot node', price === null ? 'not set' : `${moneyText(price.spot, currency)}/h`],
    [
      'A run costs at most',
      capCost === null ? 'unknown without a price' : moneyText(capCost, currency),
    ],
  ];
  return (
    <Section title="Declared">
      <dl class="pairs">
        {rows.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        <div>
          <dt>This month</dt>
          <dd>
            <MonthSpend month={month} currency={currency} />
          </dd>
        </div>
      </dl>
    </Section>
  );
}
