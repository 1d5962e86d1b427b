// The page: what is put in is explained by the package as it is, and what that says is drawn.
import { type Inspection, inspect, type Input } from "@sallyport/explain";
import { part } from "./dom.ts";
import { watchInput } from "./input.ts";
import { offered } from "./offered.ts";
import { reasons } from "./reasons.ts";
import { sequence } from "./sequence.ts";
import { verdicts } from "./verdicts.ts";

const status = part("status", HTMLElement);
const result = part("result", HTMLElement);

watchInput({ read: show, refuse: complain });

function show(inputs: readonly Input[]): void {
  result.replaceChildren();
  status.className = "status";
  if (inputs.length === 0) {
    status.textContent = "";
    return;
  }
  const inspection = inspect(inputs);
  status.textContent = summary(inspection);
  status.classList.add(inspection.report.severity);
  result.append(
    ...[sequence(inspection.steps), reasons(inspection.report), verdicts(inspection.verdicts), offered(inspection.report)].filter(
      (section) => section !== undefined,
    ),
  );
}

function complain(problem: string): void {
  result.replaceChildren();
  status.className = "status failure";
  status.textContent = problem;
}

function summary({ report, steps }: Inspection): string {
  const amount = steps.length === 0 ? "" : ` ${steps.length} ${steps.length === 1 ? "step is" : "steps are"} shown.`;
  const alert = report.alert === undefined ? "" : ` Alert ${report.alert.name} (${report.alert.number}).`;
  return `${report.verdict}${alert}${amount}`;
}
