/**
 * What the local host does otherwise, on purpose: the facts of scenarios here, instead of the
 * recorded ones. Each is a row of "Differences from the real host" in `local/functions/README.md`.
 */
export const differences: Readonly<Record<string, unknown>> = {
  // An instance that waits forever, without a line in the log, would only hide the error.
  'a child with the id of its parent': {
    runtimeStatus: 'Failed',
    output:
      'The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration.',
    customStatus: null,
    types: ['ExecutionStarted'],
  },
  'a call of an activity that does not exist': {
    runtimeStatus: 'Failed',
    output:
      "Orchestrator function 'asksNobody' failed: Activity function 'nobody' failed:  The function 'nobody' doesn't exist, is disabled, or is not an activity function. Additional info: {names}",
    customStatus: null,
    types: ['ExecutionStarted', 'TaskScheduled', 'TaskFailed'],
  },
  'a call of a child that does not exist': {
    runtimeStatus: 'Failed',
    output:
      "Orchestrator function 'asksNobody' failed: The function 'nobody' doesn't exist, is disabled, or is not an orchestrator function. Additional info: {names}",
    customStatus: null,
    types: [
      'ExecutionStarted',
      'SubOrchestrationInstanceCreated',
      'SubOrchestrationInstanceFailed',
    ],
  },
  'a call of an entity that does not exist': {
    runtimeStatus: 'Failed',
    output:
      "Orchestrator function 'asksNobody' failed: The function 'nobody' doesn't exist, is disabled, or is not an entity function. Additional info: {names}",
    customStatus: null,
    types: ['ExecutionStarted', 'EventSent', 'EventRaised'],
  },
  // The documented rules for ids; an id that starts with @ even stops the real dispatcher for a while.
  'starts that are accepted or refused': {
    long: {
      status: 400,
      body: {
        Message: 'One or more of the arguments submitted is incorrect',
        ExceptionMessage: 'Instance ID lengths must not exceed 256 characters.',
        ExceptionType: 'System.ArgumentException',
      },
    },
    hash: {
      status: 400,
      body: {
        Message: 'One or more of the arguments submitted is incorrect',
        ExceptionMessage:
          'Orchestration instance ids must not contain /, \\, #, ?, or control characters.',
        ExceptionType: 'System.ArgumentException',
      },
    },
    purgeWithoutTime: {
      status: 400,
      body: "Please provide value for 'createdTimeFrom' parameter.",
    },
  },
  // The real API creates an instance that fails: the caller learns it only from its status.
  'the start of an unknown orchestrator': {
    reply: {
      status: 400,
      body: {
        Message: 'One or more of the arguments submitted is incorrect',
        ExceptionMessage:
          "The function 'nobody' doesn't exist, is disabled, or is not an orchestrator function. Additional info: {names}",
        ExceptionType: 'System.ArgumentException',
      },
    },
    end: null,
  },
};
