// Who waits in a budget, by age, where anybody may leave.
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { Lineup, type Place } from "../../packages/drive/src/lineup.ts";

const steps = fc.array(fc.oneof(fc.constant("join" as const), fc.nat(20)), { maxLength: 60 });

describe("a lineup", () => {
  test.prop([steps])("has who joined and did not leave, in that order, whoever leaves, and how often", (steps) => {
    const lineup = new Lineup<number>();
    const places: Place<number>[] = [];
    const expected: number[] = [];
    for (const step of steps) {
      if (step === "join") {
        expected.push(places.length);
        places.push(lineup.join(places.length));
      } else {
        const place = places[step];
        if (place === undefined) continue;
        lineup.leave(place);
        if (expected.includes(step)) expected.splice(expected.indexOf(step), 1);
      }
      expect(membersOf(lineup)).toEqual(expected);
      expect(lineup.size).toBe(expected.length);
    }
  });

  test.prop([fc.array(fc.nat(9), { minLength: 1, maxLength: 10 })])("is pointed to by nobody who left", (leaving) => {
    const lineup = new Lineup<number>();
    const places = Array.from({ length: 10 }, (_, member) => lineup.join(member));
    const left = leaving.flatMap((at) => places[at] ?? []);
    for (const place of left) lineup.leave(place);
    for (const { before, behind } of left) expect([before, behind]).toEqual([undefined, undefined]);
  });
});

function membersOf(lineup: Lineup<number>): readonly number[] {
  const members: number[] = [];
  for (let place = lineup.first; place !== undefined; place = place.behind) members.push(place.member);
  return members;
}
