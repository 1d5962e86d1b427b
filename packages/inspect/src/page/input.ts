// What the visitor gives: text, files by choice or by drop, or an example.
import type { Input } from "@sallyport/explain";
import { element, part } from "./dom.ts";
import { examples } from "./examples.ts";

interface Hearer {
  read(inputs: readonly Input[]): void;
  refuse(problem: string): void;
}
interface Chosen {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A failing handshake fits a thousand times; a browser's tab should stay awake. */
const mostBytes = 16 << 20;
const mostCharacters = 4 << 20;
const mostFiles = 8;
/** Milliseconds without a key before what is there is read. */
const patience = 250;

export function watchInput({ read, refuse }: Hearer): void {
  const text = part("text", HTMLTextAreaElement);
  const files = part("files", HTMLInputElement);
  const select = part("example", HTMLSelectElement);
  const list = part("chosen", HTMLUListElement);
  let chosen: readonly Chosen[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const readAll = (): void => {
    clearTimeout(timer);
    if (text.value.length > mostCharacters)
      return refuse(
        `That is too long: at most ${mostCharacters >> 20} million characters are read. Give it the part with the handshake.`,
      );
    read([...chosen.map(({ bytes }) => bytes), ...(text.value.trim() === "" ? [] : [text.value])]);
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(readAll, patience);
  };
  const draw = (): void => {
    list.replaceChildren(...chosen.map((each) => chip(each, () => choose(chosen.filter((other) => other !== each)))));
  };
  const choose = (next: readonly Chosen[]): void => {
    chosen = next;
    draw();
    readAll();
  };
  const take = async (given: FileList): Promise<void> => {
    const all = [...given];
    const large = all.find(({ size }) => size > mostBytes);
    if (large !== undefined)
      return refuse(
        `${large.name} is too large: at most ${mostBytes >> 20} MiB are read. Cut the capture to the connection that failed.`,
      );
    if (chosen.length + all.length > mostFiles) return refuse(`At most ${mostFiles} files are read as one connection.`);
    try {
      const read = await Promise.all(
        all.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) })),
      );
      choose([...chosen, ...read]);
    } catch {
      refuse("That can't be read: it may be a folder, or a file that is gone.");
    }
  };

  text.addEventListener("input", soon);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) readAll();
  });
  files.addEventListener("change", () => {
    if (files.files !== null) void take(files.files);
    files.value = "";
  });
  part("clear", HTMLButtonElement).addEventListener("click", () => {
    text.value = "";
    select.selectedIndex = 0;
    choose([]);
    text.focus();
  });
  select.append(
    element("option", { value: "" }, "choose one"),
    ...examples.map(({ title }, at) => element("option", { value: at }, title)),
  );
  select.addEventListener("change", () => {
    const example = examples[Number(select.value)];
    if (select.value === "" || example === undefined) return;
    text.value = example.text;
    choose([]);
  });
  watchDrops(
    (given) => void take(given),
    (dropped) => {
      text.value = dropped;
      readAll();
    },
  );
  // What a browser kept of an earlier visit.
  if (text.value !== "") readAll();
}

function watchDrops(take: (files: FileList) => void, takeText: (text: string) => void): void {
  const body = document.body;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    // Without it the browser would leave this page for the file.
    event.preventDefault();
    body.classList.remove("dropping");
    const { files, text } = { files: event.dataTransfer?.files, text: event.dataTransfer?.getData("text/plain") };
    if (files !== undefined && files.length > 0) take(files);
    else if (text !== undefined && text !== "") takeText(text);
  });
}

function chip({ name, bytes }: Chosen, remove: () => void): HTMLElement {
  const button = element("button", { type: "button", "aria-label": `Leave out ${name}` }, "×");
  button.addEventListener("click", remove);
  return element("li", {}, element("b", {}, name), ` ${bytes.length.toLocaleString("en")} bytes `, button);
}
