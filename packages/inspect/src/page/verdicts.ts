// Who would take this offer: one row a kind of server.
import type { Verdict } from "@sallyport/explain";
import { element } from "./dom.ts";

export function verdicts(all: readonly Verdict[]): HTMLElement | undefined {
  if (all.length === 0) return undefined;
  const takers = all.filter(({ takes }) => takes !== undefined).length;
  return element(
    "section",
    { class: "card", "aria-labelledby": "verdicts-title" },
    element("h2", { id: "verdicts-title" }, "Who would take this offer"),
    element(
      "p",
      { class: "hint" },
      `${takers} of ${all.length} kinds of servers would, judged by the code that decides in a handshake.`,
    ),
    element(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-label": "The verdicts as a table" },
      element(
        "table",
        {},
        element(
          "thead",
          {},
          element(
            "tr",
            {},
            ["Server", "Verdict", "With what, or why not"].map((title) => element("th", { scope: "col" }, title)),
          ),
        ),
        element("tbody", {}, all.map(rowOf)),
      ),
    ),
  );
}

function rowOf({ server, dated, takes, reasons }: Verdict): HTMLElement {
  return element(
    "tr",
    {},
    element("th", { scope: "row" }, server, " ", element("small", {}, dated)),
    element(
      "td",
      {},
      element("span", { class: takes === undefined ? "refuses" : "takes" }, takes === undefined ? "refuses" : "takes it"),
    ),
    element("td", {}, takes ?? reasons.map((reason) => element("p", {}, reason))),
  );
}
