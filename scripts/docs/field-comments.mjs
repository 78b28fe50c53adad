/**
 * Reads the doc comments of schema fields from TypeScript source. The compiler drops comments, so
 * this follows brackets, strings and comments itself, as far as the schemas of `src/workload` need.
 */

/** Every top-level `const name = …` of a file, each with the object literals of its expression. */
export function declarationsIn(text) {
  const declarations = new Map();
  for (const { 1: name, index, 0: head } of text.matchAll(/^(?:export )?const (\w+)[^=\n]* = /gm)) {
    declarations.set(name, objectsIn(text, index + head.length));
  }
  return declarations;
}

/** The object literals of an expression, outermost first; those below them are their fields'. */
function objectsIn(text, from) {
  const objects = [];
  let depth = 0;
  for (let at = from; at < text.length;) {
    const next = skipped(text, at);
    if (next > at) {
      at = next;
    } else if (text[at] === '{') {
      const object = objectAt(text, at);
      if (object.isSchema) objects.push(object.fields);
      at = object.end;
    } else {
      if ('([{'.includes(text[at])) depth += 1;
      if (')]}'.includes(text[at])) depth -= 1;
      if (depth < 0 || (depth === 0 && (text[at] === ';' || text[at] === ','))) break;
      at += 1;
    }
  }
  return objects;
}

/** Fields by name: the comment above each, and the object literals of its value. */
function objectAt(text, start) {
  const before = text.slice(Math.max(0, start - 40), start);
  const isSchema = /(?:strictObject|extend)\($|= $/.test(before);
  const fields = new Map();
  let comment = '';
  for (let at = start + 1; at < text.length;) {
    const next = skipped(text, at);
    if (next > at) {
      const skippedText = text.slice(at, next);
      if (skippedText.startsWith('/**')) comment = plain(skippedText);
      at = next;
    } else if (text[at] === '}') {
      return { fields, isSchema, end: at + 1 };
    } else {
      const field = /^(?:\.\.\.)?(\w+)(:\s*)?/.exec(text.slice(at, at + 80));
      if (field === null) {
        at += 1;
        continue;
      }
      const value = at + field[0].length;
      const isSpread = text.startsWith('...', at);
      const end = valueEnd(text, value);
      const refersTo = /^\w+/.exec(field[2] === undefined ? field[1] : text.slice(value))?.[0];
      const objects = field[2] === undefined ? [] : objectsIn(text, value);
      fields.set(isSpread ? `...${field[1]}` : field[1], { comment, refersTo, objects });
      comment = '';
      at = end;
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

/**
 * Comments of the fields of a schema's object, by name; fields that were spread in included.
 * `steps` leads from a declaration to an object: names of fields, and numbers of objects.
 */
export function commentsOf(declarations, [name, ...steps]) {
  let objects = declarations.get(name);
  let fields = objects?.[0];
  for (const step of steps) {
    if (typeof step === 'number') fields = objects?.[step];
    else {
      const field = withSpreads(declarations, fields).get(step);
      objects = field?.objects.length > 0 ? field.objects : declarations.get(field?.refersTo);
      fields = objects?.[0];
    }
  }
  if (fields === undefined) throw new Error(`no object at ${[name, ...steps].join('.')}`);
  return new Map(
    [...withSpreads(declarations, fields)].map(([key, { comment }]) => [key, comment]),
  );
}

function withSpreads(declarations, fields) {
  const all = new Map();
  for (const [name, field] of fields ?? []) {
    if (!name.startsWith('...')) all.set(name, field);
    else for (const [key, value] of declarations.get(name.slice(3))?.[0] ?? []) all.set(key, value);
  }
  return all;
}
