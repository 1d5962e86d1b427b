// What to change, in the words of the software that has to change, and else in everybody's.
import { catalogue } from "../causes/catalogue.ts";
import type { Cause, Remedy } from "../report.ts";
import { stackOf } from "./all.ts";
import type { StackId } from "./stack.ts";

/** The stacks' own first, then what holds for any; stop-gaps last. */
export function withRemedies(cause: Cause, involved: readonly StackId[]): Cause {
  const families = [...new Set(involved.flatMap((id) => [id, stackOf(id)?.of ?? id]))];
  const own = families.flatMap((stack) =>
    (stackOf(stack)?.remedies[cause.id] ?? []).map((remedy): Remedy => ({ stack, ...remedy })),
  );
  const { advice, stopGap } = catalogue[cause.id];
  const any = advice.map((text): Remedy => ({ stack: "any", advice: text, options: [] }));
  const last: Remedy[] =
    stopGap === undefined
      ? []
      : [
          {
            stack: "any",
            advice: stopGap.advice,
            options: [],
            stopGap: stopGap.lost,
          },
        ];
  const all = [...cause.remedies, ...own, ...any, ...last];
  return {
    ...cause,
    remedies: [...all.filter((remedy) => remedy.stopGap === undefined), ...all.filter((remedy) => remedy.stopGap !== undefined)],
  };
}
