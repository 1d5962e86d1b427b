// The report: what went wrong, what shows it, and what to change.
import { type Cause, type Remedy, type Report, toMarkdown } from "@sallyport/explain";
import { element } from "./dom.ts";

export function reasons(report: Report): HTMLElement | undefined {
  const { causes, findings, seen } = report;
  if (causes.length + findings.length + seen.length === 0) return undefined;
  return element(
    "section",
    { class: "card", "aria-labelledby": "reasons-title" },
    element("h2", { id: "reasons-title" }, causes.length === 0 ? "What was recognised" : "Why, and what to do"),
    element("ol", { class: "causes" }, causes.map(causeItem)),
    findings.length === 0
      ? undefined
      : element(
          "details",
          { open: causes.length === 0 },
          element("summary", {}, `Also seen (${findings.length})`),
          element(
            "ul",
            { class: "list" },
            findings.map(({ severity, what }) =>
              element("li", {}, severity === "warning" ? element("b", {}, "Warning: ") : undefined, what),
            ),
          ),
        ),
    seen.length === 0
      ? undefined
      : element(
          "details",
          {},
          element("summary", {}, `What was read (${seen.length})`),
          element(
            "ul",
            { class: "list" },
            seen.map((each) => element("li", {}, each)),
          ),
        ),
    copyButton(report),
  );
}

function causeItem({ what, certainty, because, apart, move, remedies }: Cause): HTMLElement {
  return element(
    "li",
    {},
    element("h3", {}, element("span", { class: `certainty ${certainty}` }, certainty), " ", what),
    because.length === 0
      ? undefined
      : element(
          "ul",
          { class: "because" },
          because.map((line) => element("li", {}, line)),
        ),
    apart === undefined
      ? undefined
      : element(
          "dl",
          { class: "apart" },
          element("dt", {}, `The client's ${apart.of}`),
          element("dd", {}, apart.client.join(", ") || "none"),
          element("dt", {}, "The server's"),
          element("dd", {}, apart.server.join(", ") || "none"),
        ),
    element("p", { class: "move" }, `The next move is ${move === "this side" ? "this side's" : `the ${move}'s`}.`),
    element("ul", { class: "remedies" }, remedies.map(remedyItem)),
  );
}

function remedyItem({ stack, advice, options, stopGap }: Remedy): HTMLElement {
  return element(
    "li",
    {},
    stack === "any" ? undefined : element("b", {}, `${stack}: `),
    `${advice}.`,
    options.length === 0 ? undefined : [" ", ...options.flatMap((option) => [element("code", {}, option), " "])],
    stopGap === undefined ? undefined : element("span", { class: "stop-gap" }, `A stop-gap. What is lost: ${stopGap}.`),
  );
}

function copyButton(report: Report): HTMLElement {
  const button = element("button", { type: "button" }, "Copy the report as Markdown");
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(toMarkdown(report)).then(
      () => {
        button.textContent = "Copied";
      },
      () => {
        button.textContent = "The browser doesn't let this page copy";
      },
    );
  });
  return element("p", { class: "tools" }, button);
}
