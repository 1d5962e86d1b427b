// RFC 5280 §6.1: where a certificate demands a policy, one must hold for the whole path. Each row is a path from the root down.
import { node } from "@sallyport/crypto-node";
import { serverVerifier } from "@sallyport/x509";
import type { Bytes } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import {
  aki,
  type Change,
  ids,
  intermediate,
  type Keys,
  leaf,
  name,
  newKeys,
  root,
  rootKeys,
  ski,
  spki,
} from "../support/certificates.ts";
import { presented, verdict } from "../support/chains.ts";
import { extension, implicit, integer, oid, sequence, tlv } from "../support/der.ts";
import { text } from "../support/octets.ts";

interface Script {
  /** `any`, or letters. */
  readonly policies?: readonly string[];
  /** As the issuer and as the subject calls it. */
  readonly maps?: readonly (readonly [string, string])[];
  readonly requires?: number;
  readonly inhibitsMapping?: number;
  readonly inhibitsAny?: number;
  /** Of the name above it. */
  readonly selfIssued?: true;
  readonly criticalPolicies?: { readonly qualifier: string };
}
const arc = (letter: string): string => (letter === "any" ? "2.5.29.32.0" : `1.3.6.1.4.1.99999.3.${letter.charCodeAt(0)}`);

function extensions(script: Script): Readonly<Record<string, Bytes>> {
  const { policies, maps, requires, inhibitsMapping, inhibitsAny, criticalPolicies: { qualifier } = {} } = script;
  const qualified = qualifier === undefined ? [] : [sequence(sequence(oid(qualifier), tlv(22, text("http://ca.example/"))))];
  const limits = [
    ...(requires === undefined ? [] : [implicit(0, [requires])]),
    ...(inhibitsMapping === undefined ? [] : [implicit(1, [inhibitsMapping])]),
  ];
  return {
    ...(policies && {
      [ids.policies]: extension(
        ids.policies,
        qualifier !== undefined,
        sequence(...policies.map((one) => sequence(oid(arc(one)), ...qualified))),
      ),
    }),
    ...(maps && {
      [ids.mappings]: extension(
        ids.mappings,
        true,
        sequence(...maps.map(([issuer, subject]) => sequence(oid(arc(issuer)), oid(arc(subject))))),
      ),
    }),
    ...(limits.length > 0 && { [ids.pc]: extension(ids.pc, true, sequence(...limits)) }),
    ...(inhibitsAny !== undefined && { [ids.inhibitAny]: extension(ids.inhibitAny, true, integer(inhibitsAny)) }),
  };
}

const keys = Array.from({ length: 5 }, newKeys);
/** @param scripts intermediates from the top, and the leaf */
function chain(scripts: readonly Script[]): [Bytes, ...Bytes[]] {
  let above: { readonly name: string; readonly keys: Keys } = { name: "Root", keys: rootKeys };
  const made = scripts.map((script, at) => {
    const own = keys[at] ?? rootKeys;
    const called = script.selfIssued === true ? above.name : `CA ${at}`;
    const isLeaf = at === scripts.length - 1;
    const change: Change = {
      issuer: name(["CN", above.name]),
      publicKey: spki(own),
      signer: above.keys.privateKey,
      serial: integer(1, at),
      ...(isLeaf ? {} : { subject: name(["CN", called]) }),
      extensions: { ...extensions(script), [ids.ski]: ski(own), [ids.aki]: aki(above.keys) },
    };
    above = { name: called, keys: own };
    return isLeaf ? leaf(change) : intermediate(change);
  });
  const [first, ...others] = made.reverse();
  if (first === undefined) throw new Error("no leaf");
  return [first, ...others];
}
const judge = (scripts: readonly Script[], top: Script = {}): string =>
  verdict(serverVerifier({ provider: node, roots: [root({ extensions: extensions(top) })] }), presented(chain(scripts)));
const good = "trusted";
const refused = "bad_certificate: explicit-policy-required";
const A = { policies: ["A"] };
const none = {};

describe("where nobody demands a policy", () => {
  test.each([
    ["there may be none", [none, none]],
    ["or others on each level", [{ policies: ["A"] }, { policies: ["B"] }]],
    [
      "whatever is mapped or inhibited",
      [{ ...A, maps: [["A", "B"]], inhibitsMapping: 0, inhibitsAny: 0 }, { policies: ["any"] }],
    ],
  ] as const)("%s", (_, scripts) => {
    expect(judge(scripts)).toBe(good);
  });
});

describe("where one is demanded", () => {
  test.each([
    ["one that is on every level holds", [{ ...A, requires: 0 }, A], good],
    ["beside others", [{ policies: ["A", "B"], requires: 0 }, { policies: ["C", "A"] }], good],
    ["one that is on some does not", [{ ...A, requires: 0 }, { policies: ["B"] }], refused],
    ["a certificate without policies has none", [{ ...A, requires: 0 }, none], refused],
    ["an issuer without policies has none either", [{ requires: 0 }, A], refused],
    ["an issuer of the leaf's issuer too", [none, { ...A, requires: 0 }, A], refused],
    ["the leaf itself may demand it", [A, { policies: ["B"], requires: 0 }], refused],
    ["and has it", [A, { ...A, requires: 0 }], good],
    ["after so many certificates", [{ requires: 1 }, none], refused],
    ["and not before", [{ requires: 2 }, none], good],
    ["self-issued ones don't count", [{ requires: 2 }, { selfIssued: true }, none], good],
    ["but for the leaf, which always counts", [{ requires: 1 }, { selfIssued: true }, none], refused],
    [
      "a later number that is larger changes nothing",
      [{ ...A, requires: 0 }, { policies: ["B"], requires: 9 }, { policies: ["B"] }],
      refused,
    ],
    ["a leaf's number that is not 0 demands nothing", [none, { requires: 1 }], good],
  ] as const)("%s", (_, scripts, expected) => {
    expect(judge(scripts)).toBe(expected);
  });

  test("a root that demands it is heard, and needs no policy itself", () => {
    expect(judge([A, A], { requires: 0 })).toBe(good);
    expect(judge([A, { policies: ["B"] }], { requires: 0 })).toBe(refused);
    expect(judge([{ policies: ["B"] }, { policies: ["B"] }], { ...A, requires: 0 })).toBe(good);
  });
});

describe("anyPolicy", () => {
  test.each([
    ["stands for the policy below it", [{ policies: ["any"], requires: 0 }, A], good],
    ["and for the one above it", [{ ...A, requires: 0 }, { policies: ["any"] }], good],
    ["and for itself", [{ policies: ["any"], requires: 0 }, { policies: ["any"] }], good],
    ["unless it is inhibited from here on", [{ ...A, requires: 0, inhibitsAny: 0 }, { policies: ["any"] }], refused],
    ["or from the next but one", [{ ...A, requires: 0, inhibitsAny: 1 }, A, { policies: ["any"] }], refused],
    ["but not yet", [{ ...A, requires: 0, inhibitsAny: 1 }, { policies: ["any"] }, A], good],
    [
      "in a self-issued intermediate it may be",
      [{ ...A, requires: 0, inhibitsAny: 0 }, { policies: ["any"], selfIssued: true }, A],
      good,
    ],
    ["beside the policy itself it may be anywhere", [{ ...A, requires: 0, inhibitsAny: 0 }, { policies: ["any", "A"] }], good],
  ] as const)("%s", (_, scripts, expected) => {
    expect(judge(scripts)).toBe(expected);
  });
});

describe("a mapping", () => {
  test.each([
    ["calls the policy otherwise from there on", [{ ...A, requires: 0, maps: [["A", "B"]] }, { policies: ["B"] }], good],
    ["and no longer by its old name", [{ ...A, requires: 0, maps: [["A", "B"]] }, A], refused],
    [
      "may give it two names",
      [
        {
          ...A,
          requires: 0,
          maps: [
            ["A", "B"],
            ["A", "C"],
          ],
        },
        { policies: ["C"] },
      ],
      good,
    ],
    ["of a policy that is not there does nothing", [{ ...A, requires: 0, maps: [["B", "C"]] }, { policies: ["C"] }], refused],
    [
      "of any policy that anyPolicy stands for",
      [{ policies: ["any"], requires: 0, maps: [["A", "B"]] }, { policies: ["B"] }],
      good,
    ],
    [
      "goes on over levels",
      [{ ...A, requires: 0, maps: [["A", "B"]] }, { policies: ["B"], maps: [["B", "C"]] }, { policies: ["C"] }],
      good,
    ],
    [
      "that is inhibited takes the policy away",
      [{ ...A, requires: 0, inhibitsMapping: 0 }, { ...A, maps: [["A", "B"]] }, { policies: ["B"] }],
      refused,
    ],
    ["also under its old name", [{ ...A, requires: 0, inhibitsMapping: 0 }, { ...A, maps: [["A", "B"]] }, A], refused],
    [
      "of anyPolicy is none",
      [{ policies: ["any"], maps: [["any", "B"]] }, { policies: ["B"] }],
      "bad_certificate: not-in-profile",
    ],
    ["to anyPolicy neither", [{ ...A, maps: [["A", "any"]] }, { policies: ["B"] }], "bad_certificate: not-in-profile"],
  ] as const)("%s", (_, scripts, expected) => {
    expect(judge(scripts)).toBe(expected);
  });
});

describe("policies that are critical (§4.2.1.4)", () => {
  test.each([
    ["with a pointer to a text are understood", "1.3.6.1.5.5.7.2.1", good],
    ["with something unknown are not", "1.3.6.1.4.1.99999.4", "bad_certificate: unknown-critical-extension"],
  ])("%s", (_, qualifier, expected) => {
    expect(judge([none, { ...A, criticalPolicies: { qualifier } }])).toBe(expected);
  });
});

test("the work grows with the policies, not with their product", () => {
  const letters = Array.from({ length: 1000 }, (_, at) => String.fromCharCode(0x100 + at));
  const maps = letters.flatMap((one, at) => [one, letters[(at + 1) % 1000] ?? one].map((other) => [one, other] as const));
  const wide: Script = { policies: letters, maps };
  const certificates = chain([{ ...wide, requires: 0 }, wide, wide, { policies: letters }]);
  const verifier = serverVerifier({ provider: node, roots: [root()] });
  const began = process.cpuUsage();
  expect(verdict(verifier, presented(certificates))).toBe(good);
  const { user, system } = process.cpuUsage(began);
  expect((user + system) / 1000).toBeLessThan(1000);
});
