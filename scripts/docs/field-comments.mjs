/**
 * Reads the doc comments of schema fields from TypeScript source. The compiler drops comments, so
 * this follows brackets, strings and comments itself, as far as the schemas of `src/workload` need.
 */

/**
 * Every top-level `const name = …` of a file whose value is a schema with fields, or an object of
 * fields that schemas spread in: the comment of each field, by name.
 */
export function declarationsIn(text) {
  const declarations = new Map();
  for (const { 1: name, index, 0: head } of text.matchAll(/^(?:export )?const (\w+)[^=\n]* = /gm)) {
    const start = index + head.length;
    const opening = /^(?:[\w.]+\.(?:strictObject|extend)\()?\{/.exec(text.slice(start, start + 80));
    if (opening !== null) declarations.set(name, fieldsAt(text, start + opening[0].length));
  }
  return declarations;
}

/** The comments of the fields of an object literal, from behind its opening bracket. */
function fieldsAt(text, start) {
  const fields = new Map();
  let comment = '';
  for (let at = start; at < text.length;) {
    const next = skipped(text, at);
    if (next > at) {
      const skippedText = text.slice(at, next);
      if (skippedText.startsWith('/**')) comment = plain(skippedText);
      at = next;
    } else if (text[at] === '}') {
      return fields;
    } else {
      const [field, dots = '', name] =
        /^(\.\.\.)?(\w+)(?::\s*)?/.exec(text.slice(at, at + 80)) ?? [];
      if (field === undefined) {
        at += 1;
        continue;
      }
      fields.set(`${dots}${name}`, comment);
      comment = '';
      at = valueEnd(text, at + field.length);
    }
  }
  throw new Error('an object literal does not end');
}

/** The index of the comma or bracket that ends a value. */
function valueEnd(text, from) {
  let depth = 0;
  for (let at = from; at < text.length;) {
    const next = skipped(text, at);
    if (next > at) {
      at = next;
      continue;
    }
    if (depth === 0 && ',}'.includes(text[at])) return at;
    if ('([{'.includes(text[at])) depth += 1;
    if (')]}'.includes(text[at])) depth -= 1;
    at += 1;
  }
  return text.length;
}

/** The index behind a comment, a string or a regular expression that starts here; else the same. */
function skipped(text, at) {
  const rest = text.slice(at, at + 4000);
  const [token = ''] =
    /^\/\*[\s\S]*?\*\//.exec(rest) ??
    /^\/\/[^\n]*/.exec(rest) ??
    /^'(?:[^'\\\n]|\\.)*'/.exec(rest) ??
    /^"(?:[^"\\\n]|\\.)*"/.exec(rest) ??
    /^`(?:[^`\\]|\\.)*`/.exec(rest) ??
    (/[(=:,[]\s*$/.test(text.slice(0, at).slice(-5))
      ? /^\/(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/.exec(rest)
      : null) ??
    [];
  return at + token.length;
}

/** The text of a doc comment on one line. */
function plain(comment) {
  return comment
    .replace(/^\/\*\*/, '')
    .replace(/\*\/$/, '')
    .replaceAll(/^\s*\*+ ?/gm, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Comments of the fields of a schema's object, by name; fields that were spread in included. */
export function commentsOf(declarations, name) {
  const comments = declarations.get(name);
  if (comments === undefined) throw new Error(`no declaration is called ${name}`);
  const all = new Map();
  for (const [field, comment] of comments) {
    if (!field.startsWith('...')) all.set(field, comment);
    else for (const [key, value] of declarations.get(field.slice(3)) ?? []) all.set(key, value);
  }
  return all;
}
