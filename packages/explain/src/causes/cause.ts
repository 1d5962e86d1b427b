import type { Cause, Certainty } from "../report.ts";
import { catalogue } from "./catalogue.ts";
import type { CauseId } from "./ids.ts";

/** A cause as the catalogue knows it, with what is known beyond that. Remedies are added when the stacks are known. */
export function causeOf(
  id: CauseId,
  certainty: Certainty,
  known: Partial<Pick<Cause, "what" | "because" | "apart" | "move">> = {},
): Cause {
  const { what, move } = catalogue[id];
  return { id, certainty, what, because: [], move, remedies: [], ...known };
}
