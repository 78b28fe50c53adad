/** Phrases that readers of the field do not search for or do not understand, with what to write. */
export interface Phrase {
  readonly pattern: RegExp;
  readonly instead: string;
  /** A text with the phrase, to prove the pattern. */
  readonly example: string;
}

const phrase = (pattern: RegExp, instead: string, example: string): Phrase => ({
  pattern,
  instead,
  example,
});

export const phrases: readonly Phrase[] = [
  // Idioms
  phrase(/\bfor ever\b/i, 'forever', 'it waits for ever'),
  phrase(/\bwithout a word\b/i, 'by default, or without a message', 'kept without a word'),
  phrase(/\bso (many|much|long|often)\b(?! (that|as)\b)/i, 'that many', 'at most so many'),
  phrase(
    /\b(is|are|was|were|be|still) going\b(?! to\b)/i,
    'active, running, continues',
    'a run is going',
  ),
  phrase(/\bwhile (\w+ ){1,3}goes\b/i, 'while it is active', 'while a run goes'),
  phrase(/\bgo(es)? on\b(?! to\b)/i, 'continues', 'the workflow goes on'),
  phrase(/\bsomebody else\b/i, 'existing, another owner', "a pool of somebody else's"),
  phrase(/\bwho(so)?ever\b/i, 'anyone who', 'for whoever looks into it'),
  phrase(/\banother (try|time)\b/i, 'a retry, another attempt', 'another try helps'),
  phrase(/\btr(y|ies) again\b(?! (later|after)\b)/i, 'retries', 'a step tries again'),
  phrase(/\bheed(s|ed|ing)?\b/i, 'respects', 'heeds Retry-After'),
  phrase(/\breckon(s|ed|ing)?\b/i, 'calculates', 'plans reckon with it'),
  phrase(/\bgiven[- ]up\b/i, 'poison queue, abandoned', 'blobs that were given up'),
  phrase(/\b(takes?|taken|took) for\b(?! granted)/i, 'treats as', 'is taken for done'),
  phrase(/\bbegins? so\b/i, 'starts with this prefix', 'names that begin so'),
  phrase(/\bbesides\b/i, 'also, in addition to', 'and the host besides'),
  phrase(/\bis none of\b/i, 'is not one of', 'it is none of the files'),
  phrase(/\bmakes? way\b/i, 'is cancelled', 'the older run makes way'),
  phrase(/\banew\b/i, 'again', 'is made anew'),
  phrase(/\bdearer\b/i, 'more expensive', 'dedicated nodes are dearer'),
  phrase(/\bbe it\b/i, 'also for, even', 'be it a bug of ours'),
  phrase(/\b(line|connection)s? (is|was|are) bad\b/i, 'connection reset', 'where a line is bad'),
  phrase(/\blast words\b/i, 'last lines', 'the last words of a task'),
  phrase(/\bin words\b/i, 'as text', 'what it must be, in words'),
  phrase(/\b(tells?|told) of\b/i, 'reports', 'an event tells of a blob'),
  phrase(/\b(is|are|was|were) told\b/i, 'gets, receives', 'the pool is told of it'),
  phrase(/\bof ours\b/i, 'of Nightshift', 'a bug of ours'),
  phrase(/\bto rest\b/i, 'to zero nodes', 'puts the pool to rest'),
  phrase(/\bits turn\b/i, 'the run lock', 'a run waits for its turn'),
  phrase(/\b(first|next|each|every|last) look\b/i, 'poll', 'at its next look'),
  phrase(/(?<!['"`/(-])\btid(y|ies|ied|ying)\b(?!['"`-])/i, 'reaper, clean-up', 'the hourly tidy'),
  phrase(/\bkept pools?\b/i, 'retained pool', 'a kept pool'),
  phrase(/\bmistakes?\b/i, 'error', 'declarations have mistakes'),
  phrase(/\bcontradictions?\b/i, 'validation error', 'a contradiction in a pool'),
  // Names
  phrase(/\bnotOurs\b/, 'notOwned', "state: 'notOurs'"),
  phrase(/\bstillThere\b/, 'leftBehind', "state: 'stillThere'"),
  phrase(/\bw(ords|hat)Of\b/, 'formatError, message', 'wordsOf(error)'),
  phrase(/\bpictureOf\b|\bRunPicture\b/, 'toRunView, RunView', 'pictureOf(run)'),
  phrase(/\bwhyNot\b/, 'tryStart', 'whyNot(workload)'),
  phrase(/\baskTo\w*/, 'the verb of what it does', 'askToMakeWay(run)'),
  phrase(/\bletGo\w*/, 'release…', 'letGoOfPool(pool)'),
  phrase(/\b[jJ]ourney\b/, 'run input', 'const journey: Journey'),
  phrase(/\bStory\b/, 'run context', 'interface Story'),
  phrase(/(?<![\w-])[dD]oors?\b(?!-)/, 'context, endpoints', 'interface Doors'),
  phrase(/patience/i, 'timeout', 'PATIENCE_SECONDS'),
];

/** Doc comments open with the thing that they document, or a verb. */
export const QUESTION_OPENING = /\/\*\*\s*\*?\s*(What|Where|When|Which|How|Who|Whose|Whether)\b/;
/** A function returns; a service answers. */
export const ANSWERS = /(?:\/\*\*|[.;]|^\s*\*)\s+Answers\b/m;

/** Texts that contain similar words in their usual meaning. */
export const legitimate: readonly string[] = [
  'the run is going to be deleted in an hour',
  'so many that they do not fit, and so long as it runs',
  'the host goes on to the next phase',
  'this is taken for granted',
  "df.app.timer('tidy', schedule)",
  'the function `tidy` in the logs',
  'the hourly clean-up timer (tidy) deletes them',
  'Too many requests. Try again later.',
  'Please try again after some time.',
  "import { frontDoor } from './front-door';",
  'test/journeys drives the whole environment',
  'given a list, it starts up',
  'beside the file',
];
