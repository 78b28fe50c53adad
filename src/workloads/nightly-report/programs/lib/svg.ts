/** Builds SVG as text. Names come from strangers, so every text and attribute passes through here. */

export type Attributes = Readonly<Record<string, string | number>>;

/** An element; `content` is SVG already. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? rounded(value) : escapeXml(value)}"`,
    )
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

/** A text element; `content` is plain text. */
export function text(x: number, y: number, style: string, content: string, more: Attributes = {}) {
  return element('text', { x, y, class: style, ...more }, escapeXml(content));
}

/** A tenth of a pixel is all that can be seen. */
const rounded = (value: number): string => String(Math.round(value * 10) / 10);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Plain text as XML. Characters that XML forbids, line breaks, and those that turn the direction of
 * what follows them become a visible replacement.
 */
export function escapeXml(content: string): string {
  return content
    .replaceAll(
      /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu,
      '\uFFFD',
    )
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Cuts a text to what fits into `width` pixels at this font size, by the width of common letters. */
export function fitted(content: string, width: number, fontSize: number): string {
  const most = Math.max(1, Math.floor(width / (fontSize * 0.55)));
  const letters = Array.from(segmenter.segment(content.slice(0, 1000)), ({ segment }) => segment);
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : content;
}

/** Letters as people count them: an emoji of five code points is one. */
const segmenter = new Intl.Segmenter('en');
