/** Plays without stacks of errors: runs are full of expected errors, and a stack takes longer than the rest of a call. */
export async function withoutStacks<Result>(play: () => Promise<Result>): Promise<Result> {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await play();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
