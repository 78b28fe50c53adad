export function scriptWarnings(name: string, text: string): readonly string[];
