// One step opened: its fields as a tree beside its bytes, each pointing at the other.
import type { InspectedField, Step } from "@sallyport/explain";
import { bytesView } from "./bytes.ts";
import { element } from "./dom.ts";
import { fieldTree } from "./tree.ts";

export function openStep(step: Step): HTMLElement {
  const { bytes, fields, name, kind, unsealed } = step;
  const where = element("p", { class: "where", id: "where" });
  const view = bytesView(bytes, name);
  const point = (field: InspectedField | undefined): void => {
    view.mark(field?.ranges ?? []);
    where.textContent = field === undefined ? "Point at a field or at a byte." : placeOf(field, bytes);
  };
  const tree = fieldTree(fields, { name, point });
  view.onPoint(
    (at) => tree.show(at),
    (at) => tree.select(at),
  );
  point(undefined);
  return element(
    "div",
    { class: "opened" },
    element("h3", {}, name),
    kind === "sealed"
      ? element("p", { class: "hint" }, "What is in it is sealed: without the connection's keys nobody reads it.")
      : undefined,
    unsealed ? element("p", { class: "hint" }, "It came sealed; these are the bytes that were in it.") : undefined,
    element("div", { class: "halves" }, tree.root, element("div", { class: "right" }, view.root, where)),
  );
}

const shown = 24;

function placeOf({ name, ranges, note, isBroken }: InspectedField, bytes: Uint8Array): string {
  const places = ranges.map(([start, end]) =>
    end <= start ? `at ${start}, empty` : end - start === 1 ? `byte ${start}` : `bytes ${start} to ${end - 1}`,
  );
  const inside = ranges.flatMap(([start, end]) => [...bytes.subarray(start, Math.min(end, start + shown))]);
  const total = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  const hex = inside
    .slice(0, shown)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
  const more = total > shown ? " ..." : "";
  const listed =
    places.length > 4 ? `${places.slice(0, 4).join(", ")} and ${places.length - 4} stretches more` : places.join(", ");
  return `${name}: ${listed}${hex === "" ? "" : `: ${hex}${more}`}${note === undefined ? "" : `. ${isBroken ? "Broken: " : ""}${note}`}`;
}
