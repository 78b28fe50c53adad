/**
 * Reads XML of elements, attributes and text (what SVG needs) and throws at the first thing that is
 * none. Answers the texts between tags with their entities resolved.
 */
export function textsOf(xml: string): readonly string[] {
  const tokens = /<(\/?)([a-zA-Z]+)((?: [a-zA-Z][a-zA-Z0-9-]*="[^"<]*")*)(\/?)>|([^<]+)/gy;
  const open: string[] = [];
  const texts: string[] = [];
  let end = 0;
  for (let token = tokens.exec(xml); token !== null; token = tokens.exec(xml)) {
    end = tokens.lastIndex;
    const [, closes, name = '', attributes = '', isEmpty, text] = token;
    for (const part of [attributes, text ?? '']) checkCharacters(part);
    if (text !== undefined) texts.push(resolved(text));
    else if (closes === '/' && open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    else if (closes === '' && isEmpty === '') open.push(name);
  }
  if (end !== xml.length) throw new Error(`not XML: ${xml.slice(end, end + 80)}`);
  if (open.length > 0) throw new Error(`<${open.join('><')}> is never closed`);
  return texts.filter((text) => text.trim() !== '');
}

/** The characters XML 1.0 allows, and ampersands only in entities. */
function checkCharacters(text: string): void {
  if (!/^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u.test(text))
    throw new Error(`a character that XML forbids: ${JSON.stringify(text)}`);
  if (/&(?!(amp|lt|gt|quot|#39);)/.test(text)) throw new Error(`a bare ampersand: ${text}`);
}

const entities: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

const resolved = (text: string): string =>
  text.replaceAll(/&[a-z0-9#]+;/g, (entity) => entities[entity] ?? entity);
