// The handshake as a sequence diagram: a list of tabs between two lifelines, and beneath it the chosen step, opened.
import type { Step } from "@sallyport/explain";
import { element, moved } from "./dom.ts";
import { openStep } from "./step.ts";

/** undefined: there is nothing to draw, such as for a log. */
export function sequence(steps: readonly Step[]): HTMLElement | undefined {
  if (steps.length === 0) return undefined;
  const panel = element("div", { role: "tabpanel", id: "step", class: "panel", tabindex: -1 });
  const tabs = steps.map((step, at) => tabOf(step, at));
  const choose = (at: number, focus: boolean): void => {
    const [tab, step] = [tabs[at], steps[at]];
    if (tab === undefined || step === undefined) return;
    for (const each of tabs) {
      each.setAttribute("aria-selected", String(each === tab));
      each.tabIndex = each === tab ? 0 : -1;
    }
    panel.setAttribute("aria-labelledby", tab.id);
    panel.replaceChildren(openStep(step));
    if (focus) tab.focus();
  };
  for (const [at, tab] of tabs.entries()) {
    tab.addEventListener("click", () => choose(at, false));
    tab.addEventListener("keydown", (event) => {
      const next = moved(event.key, at, tabs.length);
      if (next === undefined) return;
      event.preventDefault();
      choose(next, true);
    });
  }
  choose(
    Math.max(
      0,
      steps.findIndex(({ isBroken }) => isBroken),
    ),
    false,
  );
  return element(
    "section",
    { class: "card", "aria-labelledby": "sequence-title" },
    element("h2", { id: "sequence-title" }, "The handshake"),
    element("p", { class: "hint" }, "Who said what, in order. Choose a step to open it; the arrow keys go through them."),
    element("div", { class: "sides", "aria-hidden": "true" }, element("span", {}, "client"), element("span", {}, "server")),
    element(
      "div",
      { class: "lifelines" },
      element("div", { role: "tablist", "aria-orientation": "vertical", "aria-label": "Steps of the handshake" }, tabs),
    ),
    panel,
  );
}

function tabOf(step: Step, at: number): HTMLButtonElement {
  const { from, name, bytes } = step;
  const [mark, protection] = marks(step);
  return element(
    "button",
    {
      type: "button",
      role: "tab",
      id: `tab-${at}`,
      "aria-controls": "step",
      class: `step from-${from ?? "somebody"} is-${mark}`,
    },
    element(
      "span",
      { class: "label" },
      element("span", { class: "who" }, from === undefined ? "somebody: " : `${from}: `),
      element("b", {}, name),
      " ",
      element("small", {}, `${protection}, ${bytes.length.toLocaleString("en")} bytes`),
    ),
    element("span", { class: "arrow", "aria-hidden": "true" }),
  );
}

/** What the arrow looks like, and the same in words. */
function marks({ kind, isBroken, unsealed }: Step): readonly [string, string] {
  if (kind === "alert") return ["alert", unsealed ? "alert, opened" : "alert"];
  if (isBroken) return ["broken", "broken"];
  if (kind === "sealed") return ["sealed", "sealed"];
  return unsealed ? ["opened", "opened by the key log"] : ["clear", "in clear"];
}
