// Colour on a terminal that wants it, and nowhere else (https://no-color.org).
export type Paint = (part: "verdict" | "heading" | "option" | "quiet", text: string) => string;

export function painter(colour: boolean): Paint {
  return (part, text) => (colour ? `\u001b[${codes[part]}m${text}\u001b[0m` : text);
}
const codes = { verdict: "1", heading: "4", option: "36", quiet: "2" } as const;
