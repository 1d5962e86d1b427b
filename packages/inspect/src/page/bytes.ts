// Bytes as sixteen a row, in hex and as text, with the places of a field marked.
import { element } from "./dom.ts";

export interface BytesView {
  readonly root: HTMLElement;
  /** Ranges of what {@link bytesView} was given: first byte, and behind the last. */
  mark(ranges: readonly (readonly [number, number])[]): void;
  /** `over` gets undefined when the pointer leaves. */
  onPoint(over: (at: number | undefined) => void, click: (at: number) => void): void;
}

const width = 16;
/** Rows at first; a chain of certificates has more, and a button shows them. */
const firstRows = 160;

export function bytesView(bytes: Uint8Array, name: string): BytesView {
  const octets: HTMLElement[] = [];
  const characters: HTMLElement[] = [];
  const rows = element("div", { class: "rows" });
  const root = element("div", { class: "hex", role: "region", tabindex: 0, "aria-label": `The bytes of ${name}, in hex` }, rows);
  const total = Math.ceil(bytes.length / width);
  let shown = 0;
  let marked: HTMLElement[] = [];

  const showTo = (row: number): void => {
    for (; shown < Math.min(row, total); shown++) rows.append(rowOf(bytes, shown * width, octets, characters));
    more.hidden = shown >= total;
    more.textContent = `Show the other ${bytes.length - shown * width} bytes`;
  };
  const more = element("button", { type: "button", class: "quiet more" });
  more.addEventListener("click", () => showTo(total));
  root.append(more);
  showTo(firstRows);

  return {
    root,
    mark: (ranges) => {
      for (const each of marked) each.classList.remove("marked");
      marked = [];
      for (const [start, end] of ranges) {
        for (let at = start; at < end && at < octets.length; at++)
          marked.push(...[octets[at], characters[at]].filter((each) => each !== undefined));
      }
      for (const each of marked) each.classList.add("marked");
      reveal(root, marked[0]);
    },
    onPoint: (over, click) => {
      const placeOf = ({ target }: Event): number | undefined => {
        const at = target instanceof HTMLElement ? target.dataset["at"] : undefined;
        return at === undefined ? undefined : Number(at);
      };
      rows.addEventListener("pointerover", (event) => over(placeOf(event)));
      rows.addEventListener("pointerleave", () => over(undefined));
      rows.addEventListener("click", (event) => {
        const at = placeOf(event);
        if (at !== undefined) click(at);
      });
    },
  };
}

/** Scrolls the view and never the page. */
function reveal(root: HTMLElement, first: HTMLElement | undefined): void {
  if (first === undefined || root.matches(":hover")) return;
  const top = first.offsetTop - root.offsetTop;
  if (top < root.scrollTop || top + first.offsetHeight > root.scrollTop + root.clientHeight)
    root.scrollTop = top - root.clientHeight / 3;
}

function rowOf(bytes: Uint8Array, start: number, octets: HTMLElement[], characters: HTMLElement[]): HTMLElement {
  const row = [...bytes.subarray(start, start + width)];
  const hex = row.map((byte, place) => element("span", { "data-at": start + place }, byte.toString(16).padStart(2, "0")));
  const text = row.map((byte, place) =>
    element("span", { "data-at": start + place }, byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·"),
  );
  octets.push(...hex);
  characters.push(...text);
  return element(
    "div",
    { class: "line" },
    element("span", { class: "offset" }, start.toString(16).padStart(4, "0")),
    element("span", { class: "octets" }, hex),
    element("span", { class: "text", "aria-hidden": "true" }, text),
  );
}
