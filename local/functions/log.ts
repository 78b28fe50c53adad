/** The log of the host. A line is one sentence, without secrets. */
export type Log = (level: Severity, message: string) => void;

export type Severity = 'debug' | 'information' | 'warning' | 'error';

/** Writes for a person: time, level if it is not information, colour in a terminal only. */
export function printingLog(options: {
  readonly write: (text: string) => void;
  readonly now: () => Date;
  readonly colours: boolean;
  readonly verbose: boolean;
}): Log {
  return (level, message) => {
    if (level === 'debug' && !options.verbose) return;
    const time = options.now().toISOString().slice(11, 23);
    const text = redact(message);
    options.write(
      options.colours
        ? `\u001b[2m${time}\u001b[0m ${COLOURS[level]}${text}\u001b[0m\n`
        : `${time} ${LABELS[level]}${text}\n`,
    );
  };
}

const COLOURS: Record<Severity, string> = {
  debug: '\u001b[2m',
  information: '',
  warning: '\u001b[33mwarning: ',
  error: '\u001b[31merror: ',
};

const LABELS: Record<Severity, string> = {
  debug: '',
  information: '',
  warning: 'warning: ',
  error: 'error: ',
};

/** Patterns of secrets in URLs, connection strings and headers, with their replacements. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/([?&;](?:sig|code)=)[^&\s"'<>]+/gi, '$1***'],
  [/((?:AccountKey|SharedAccessKey|SharedAccessSignature)=)[^;\s"']+/gi, '$1***'],
  [/(\bBearer\s+)[\w.~+/=-]+/gi, '$1***'],
  [/(x-functions-key"?\s*[:=]\s*"?)[^\s",]+/gi, '$1***'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '***'],
];

/** Returns the text with every secret in it replaced by three stars. */
function redact(text: string): string {
  return SECRETS.reduce((rest, [pattern, left]) => rest.replaceAll(pattern, left), text);
}
