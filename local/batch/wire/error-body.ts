import type { Refusal } from './refusals';

/** The body of an error; `tail` is the text that the service adds to its message. */
export function errorBody({ code, message, details }: Refusal, tail = ''): object {
  return {
    code,
    message: { lang: 'en-US', value: `${message}${tail}` },
    ...(details.length > 0 && { values: details }),
  };
}
