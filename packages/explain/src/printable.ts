// Whatever came from a wire or a log is made harmless at this one place: printable ASCII, and not without end.
const longestText = 600;
const longestList = 300;

export function printableReport<R extends object>(report: R): R {
  // The shape stays: only texts change, and lists end.
  return clean(report) as R;
}

function clean(value: unknown): unknown {
  if (typeof value === "string") return cleanText(value);
  if (Array.isArray(value)) {
    const kept = value.slice(0, longestList).map(clean);
    return value.length > longestList && typeof value[0] === "string"
      ? [...kept, `and ${value.length - longestList} more`]
      : kept;
  }
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, clean(each)]));
  return value;
}

/** Control characters and what lies beyond ASCII are escaped: a terminal would obey them. */
function cleanText(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}...` : text;
  return short
    .replaceAll("§", "section ")
    .replaceAll(/[^\x20-\x7e]/g, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
