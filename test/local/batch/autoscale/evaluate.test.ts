import { expect, test } from 'vitest';
import { NONE, NOW, V, evaluate, every30Seconds, steady, valueOf, vectors } from './given';

test.each([
  ['1000000', '1e+06'],
  ['1234567', '1.23457e+06'],
  ['999999', '999999'],
  ['29 / 30 * 100', '96.6667'],
  ['1 / 3', '0.333333'],
  ['2 / 30000', '6.66667e-05'],
  ['0.0001', '0.0001'],
  ['0.00001', '1e-05'],
  ['-0.0', '0'],
  ['3.75', '3.75'],
  ['123456.7', '123457'],
])('results show %s with six digits: %s', (expression, value) => {
  expect(valueOf(expression)).toBe(value);
});

test('the names of service variables ignore case, and those of other variables do not', () => {
  const samples = { $PendingTasks: every30Seconds([7]) };
  const { results } = evaluate(
    '$targetdedicatednodes = $pendingTASKS.GetSample(1); $NODEDEALLOCATIONOPTION = terminate;',
    { samples },
  );

  expect(results).toBe(
    '$TargetDedicatedNodes=7;$TargetLowPriorityNodes=0;$NodeDeallocationOption=terminate',
  );
  expect(evaluate('x = 1; X = x + 1').results).toContain(';X=2;x=1');
  expect(valueOf('timeinterval_minute')).toBe(
    'Line 1, Col 5: nothing is called timeinterval_minute',
  );
});

test('the plain service variables are the numbers of the pool', () => {
  const given = {
    currentDedicatedNodes: 1,
    currentLowPriorityNodes: 2,
    targetDedicatedNodes: 3,
    targetLowPriorityNodes: 4,
    taskSlotsPerNode: 8,
  };
  const names = [
    '$CurrentDedicatedNodes',
    '$CurrentDedicated',
    '$CurrentLowPriorityNodes',
    '$TargetDedicatedNodes',
    '$TargetDedicated',
    '$TargetLowPriorityNodes',
    '$TargetLowPriority',
    '$TaskSlotsPerNode',
    '$NodeDeallocationOption',
  ];

  expect(names.map((name) => valueOf(name, given))).toEqual([
    '1',
    '1',
    '2',
    '3',
    '3',
    '4',
    '4',
    '8',
    'requeue',
  ]);
});

test.each([
  ['$CurrentDedicatedNodes = 1', '$CurrentDedicatedNodes'],
  ['$taskSlotsPerNode = 4', '$taskSlotsPerNode'],
  ['$PendingTasks = 1', '$PendingTasks'],
  ['TimeInterval_Minute = 1', 'TimeInterval_Minute'],
  ['requeue = 1', 'requeue'],
])('%s is refused: the service alone sets that', (formula, name) => {
  expect(evaluate(formula).error?.values).toEqual([
    { name: 'Message', value: `Line 1, Col 1: ${name} cannot be assigned to` },
  ]);
});

test('an unknown name is found in every branch', () => {
  expect(evaluate('x = 1 ? 2 : $Pending').error?.values[0]?.value).toBe(
    'Line 1, Col 13: nothing is called $Pending',
  );
  expect(evaluate('a = b; b = 1').error?.values[0]?.value).toBe(
    'Line 1, Col 5: nothing is called b',
  );
  expect(evaluate('a = a + 1').error?.values[0]?.value).toBe('Line 1, Col 5: nothing is called a');
});

test('a series is not a number: its samples must be requested', () => {
  expect(valueOf('$PendingTasks * 2')).toBe(
    'Line 1, Col 5: $PendingTasks is a series of samples: use its GetSample',
  );
  expect(valueOf('max(0, $PendingTasks)')).toBe(
    'Line 1, Col 12: $PendingTasks is a series of samples: use its GetSample',
  );
});

test('only the taken branch is evaluated', () => {
  const fails = `avg(${NONE})`;

  expect(valueOf(`1 ? 2 : ${fails}`)).toBe('2');
  expect(valueOf(`0 ? ${fails} : 3`)).toBe('3');
  expect(valueOf(`0 && ${fails}`)).toBe('0');
  expect(valueOf(`1 || ${fails}`)).toBe('1');
  expect(valueOf('1 ? 2 : time("noon")')).toBe('2');
  expect(valueOf(`1 && ${fails}`)).toContain('avg needs at least one element');
});

test('a random number is drawn once for each call', () => {
  const numbers = [0.1, 0.2, 0.3];
  const { results } = evaluate('a = rand(); b = rand() + rand();', {
    random: () => numbers.shift() ?? 1,
  });

  expect(results).toContain(';a=0.1;b=0.5');
});

test('stop ends the evaluation and keeps the assigned values', () => {
  const { results, targetDedicatedNodes, error } = evaluate(
    '$TargetDedicatedNodes = 2; x = 1; y = 1 ? stop() : 2; $TargetDedicatedNodes = 9; z = 3;',
  );

  expect({ results, targetDedicatedNodes, error }).toEqual({
    results:
      '$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;x=1',
    targetDedicatedNodes: 2,
    error: undefined,
  });
});

test('fractions of a node are truncated, only at the end', () => {
  const { results, targetDedicatedNodes, targetLowPriorityNodes } = evaluate(
    '$TargetDedicatedNodes = 3.8; $TargetLowPriorityNodes = $TargetDedicatedNodes * 2; $TargetDedicatedNodes = $TargetDedicatedNodes - 4;',
  );

  expect({ results, targetDedicatedNodes, targetLowPriorityNodes }).toEqual({
    results: '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=7;$NodeDeallocationOption=requeue',
    targetDedicatedNodes: 0,
    targetLowPriorityNodes: 7,
  });
});

test.each([
  ['-1', '-1'],
  ['1 / 0', 'inf'],
  ['0 / 0', 'nan'],
  ['3e9', '3e+09'],
])('%s is not a valid number of nodes, and the pool stays as it is', (wanted, shown) => {
  expect(
    evaluate(`x = 1;\n  $TargetDedicatedNodes = ${wanted};`, { targetDedicatedNodes: 5 }),
  ).toEqual({
    results: '$TargetDedicatedNodes=5;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue',
    targetDedicatedNodes: 5,
    targetLowPriorityNodes: 0,
    nodeDeallocationOption: 'requeue',
    error: {
      code: 'AutoScalingFormulaEvaluationError',
      message: 'Autoscale evaluation failed due to an error in the formula',
      values: [
        { name: 'Message', value: `Line 2, Col 3: ${shown} is not a valid number of nodes` },
      ],
    },
  });
});

test('a target is a double, or a vector of one', () => {
  const samples = { ...vectors, $SucceededTasks: every30Seconds(steady(1, 6)) };

  expect(
    evaluate('$TargetDedicatedNodes = $SucceededTasks.GetSample(1)', { samples }),
  ).toMatchObject({
    targetDedicatedNodes: 6,
  });
  expect(evaluate(`$TargetDedicatedNodes = ${V}`, { samples }).error?.values[0]?.value).toBe(
    'Line 1, Col 1: expected a double, found a doubleVec of 3 elements',
  );
  expect(evaluate('$TargetDedicatedNodes = time()').error?.values[0]?.value).toBe(
    'Line 1, Col 1: expected a double, found a timestamp',
  );
});

test.each(['requeue', 'terminate', 'taskcompletion', 'retaineddata'] as const)(
  'the deallocation option %s is an identifier',
  (option) => {
    const { results, nodeDeallocationOption } = evaluate(
      `mine = ${option}; $NodeDeallocationOption = 1 ? mine : requeue;`,
    );

    expect({ results, nodeDeallocationOption }).toEqual({
      results: `$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=${option};mine=${option}`,
      nodeDeallocationOption: option,
    });
  },
);

test('no other value is a deallocation option', () => {
  expect(evaluate('$NodeDeallocationOption = "requeue"').error?.values[0]?.value).toBe(
    'Line 1, Col 1: a string is no node deallocation option',
  );
});

test('results show strings, times and vectors, in order of name', () => {
  const { results } = evaluate(`v = ${V}; $t = time(); s = "a b"; B = 1; $a = 2;`, {
    samples: vectors,
    now: NOW,
  });

  expect(results).toBe(
    '$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;$a=2;$t=2026-11-21T03:00:00.000Z;B=1;s=a b;v=[1,2,3]',
  );
});
