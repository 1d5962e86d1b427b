// The fields of a step as a tree: https://www.w3.org/WAI/ARIA/apg/patterns/treeview/ says which key does what.
import type { InspectedField } from "@sallyport/explain";
import { element, moved } from "./dom.ts";

interface Options {
  readonly name: string;
  /** undefined: no field is meant any more. */
  point(field: InspectedField | undefined): void;
}
export interface FieldTree {
  readonly root: HTMLElement;
  /** Marks the innermost field that is on the page and has that byte. */
  show(at: number | undefined): void;
  /** Opens the tree down to the innermost field with that byte, and goes there. */
  select(at: number): void;
}

/** What is opened shows so many, and says how many more there are. */
const mostShown = 400;
/** Deeper ones are closed at first. */
const openLevels = 2;

export function fieldTree(fields: readonly InspectedField[], { name, point }: Options): FieldTree {
  const root = element("ul", { role: "tree", class: "tree", "aria-label": `Fields of ${name}` });
  /** The one with the focus, or that the Tab key leads to. */
  let current: Item | undefined;
  let pointed: Item | undefined;

  const make = (field: InspectedField, level: number, parent: Item | undefined): Item => {
    const item = new Item(field, level, parent, (child) => make(child, level + 1, item));
    item.row.addEventListener("pointerenter", () => mark(item));
    item.row.addEventListener("pointerleave", () => mark(focused()));
    item.row.addEventListener("click", () => {
      item.toggle();
      go(item);
    });
    item.row.addEventListener("focus", () => mark(item));
    return item;
  };
  const mark = (item: Item | undefined): void => {
    pointed?.row.classList.remove("pointed");
    pointed = item;
    item?.row.classList.add("pointed");
    point(item?.field);
  };
  const go = (item: Item): void => {
    if (current !== undefined) current.row.tabIndex = -1;
    current = item;
    item.row.tabIndex = 0;
    item.row.focus();
  };
  const focused = (): Item | undefined => (current?.row === document.activeElement ? current : undefined);

  const tops = fields.map((field) => make(field, 1, undefined));
  root.append(...tops.map((item) => item.root));
  for (const item of tops) openDown(item, 1);
  [current] = tops;
  if (current !== undefined) current.row.tabIndex = 0;

  root.addEventListener("keydown", (event) => {
    if (current === undefined) return;
    const all = tops.flatMap(shownOf);
    const next = moved(event.key, all.indexOf(current), all.length);
    const target = next === undefined ? undefined : all[next];
    if (target !== undefined) go(target);
    else if (!turn(current, event.key)) return;
    event.preventDefault();
  });
  /** @returns whether the key means something */
  const turn = (item: Item, key: string): boolean => {
    const [first] = item.children;
    if (key === "Enter" || key === " ") item.toggle();
    else if (key === "ArrowRight" && item.isOpen && first !== undefined) go(first);
    else if (key === "ArrowRight") item.open();
    else if (key === "ArrowLeft" && item.isOpen) item.toggle();
    else if (key === "ArrowLeft" && item.parent !== undefined) go(item.parent);
    else return key === "ArrowLeft";
    return true;
  };

  return {
    root,
    show: (at) => mark(at === undefined ? focused() : pathTo(tops, at).findLast(({ isShown }) => isShown)),
    select: (at) => {
      // Each is opened before what is in it can be looked for.
      for (let path = pathTo(tops, at), depth = 0; depth < path.length; depth++, path = pathTo(tops, at)) path[depth]?.open();
      const item = pathTo(tops, at).at(-1);
      if (item !== undefined) go(item);
    },
  };
}

/** An item and what is open beneath it, from top to bottom. */
function shownOf(item: Item): readonly Item[] {
  return item.isOpen ? [item, ...item.children.flatMap(shownOf)] : [item];
}

/** Open are the outermost levels, and whatever is broken inside. */
function openDown(item: Item, level: number): void {
  const { field } = item;
  if (field.name === "record" || (level >= openLevels && !hasBreak(field))) return;
  item.open();
  for (const child of item.children) openDown(child, level + 1);
}

function hasBreak({ isBroken, fields }: InspectedField): boolean {
  return isBroken || fields.some(hasBreak);
}

/** The items with that byte, outermost first, as far as they were ever opened. */
function pathTo(items: readonly Item[], at: number): readonly Item[] {
  const found = items.find(({ field }) => field.ranges.some(([start, end]) => at >= start && at < end));
  return found === undefined ? [] : [found, ...pathTo(found.children, at)];
}

/** So that each group has an id of its own. */
let groups = 0;

class Item {
  readonly field: InspectedField;
  readonly parent: Item | undefined;
  /** With what is beneath it. */
  readonly root: HTMLElement;
  /** What has the focus. */
  readonly row: HTMLElement;
  readonly #group: HTMLElement | undefined;
  readonly #make: (child: InspectedField) => Item;
  /** Made when it is first opened. */
  children: readonly Item[] = [];

  constructor(field: InspectedField, level: number, parent: Item | undefined, make: (child: InspectedField) => Item) {
    const { name, value, note, isBroken, fields } = field;
    this.field = field;
    this.parent = parent;
    this.#make = make;
    const said = value ?? preview(field);
    const group = fields.length === 0 ? undefined : `group-${++groups}`;
    this.row = element(
      "div",
      {
        role: "treeitem",
        class: isBroken ? "row broken" : "row",
        tabindex: -1,
        "aria-level": level,
        "aria-describedby": "where",
        "aria-owns": group,
        "aria-expanded": group === undefined ? undefined : "false",
      },
      element("span", { class: "twisty", "aria-hidden": "true" }),
      element("span", { class: "name" }, name),
      " ",
      said === "" ? undefined : element("span", { class: value === undefined ? "preview" : "value" }, said),
      " ",
      note === undefined ? undefined : element("span", { class: "note" }, isBroken ? `Broken: ${note}` : note),
    );
    this.#group = group === undefined ? undefined : element("ul", { role: "group", id: group, hidden: true });
    this.root = element("li", { role: "none" }, this.row, this.#group);
  }

  get isOpen(): boolean {
    return this.#group?.hidden === false;
  }
  get isShown(): boolean {
    return this.parent === undefined || (this.parent.isOpen && this.parent.isShown);
  }
  toggle(): void {
    if (this.isOpen) this.#set(false);
    else this.open();
  }
  open(): void {
    if (this.#group === undefined || this.isOpen) return;
    if (this.#group.childElementCount === 0) {
      const { fields } = this.field;
      this.children = fields.slice(0, mostShown).map(this.#make);
      this.#group.append(...this.children.map(({ root }) => root));
      if (fields.length > mostShown)
        this.#group.append(element("li", { role: "none", class: "more" }, `and ${fields.length - mostShown} more`));
    }
    this.#set(true);
  }
  #set(isOpen: boolean): void {
    if (this.#group === undefined) return;
    this.#group.hidden = !isOpen;
    this.row.setAttribute("aria-expanded", String(isOpen));
  }
}

/** What a closed field has inside, in short. */
function preview(field: InspectedField): string {
  const inside = leaves(field, 5);
  return inside.length > 4 ? `${inside.slice(0, 4).join(", ")}, ...` : inside.join(", ");
}

function leaves({ fields, value, name }: InspectedField, most: number): string[] {
  if (fields.length === 0)
    return value === undefined || name === "length" || name === "extension_type" || name === "msg_type" || name === "name_type"
      ? []
      : [value];
  const found: string[] = value === undefined ? [] : [value];
  for (const field of fields) {
    if (found.length >= most || value !== undefined) break;
    found.push(...leaves(field, most - found.length));
  }
  return found.slice(0, most);
}
