// What `npm run bogo` is made of; the runner itself is not here.
import { expect, test } from "vitest";
import { disabled, disabledTests, isDisabledBy, matches } from "../bogo/disabled.ts";
import { readCommandLine, Unimplemented } from "../bogo/shim/flags.ts";

test("a pattern has the whole name; a star is any part of it, and a dot is a dot", () => {
  expect(matches("TLS1-*", "TLS1-x")).toBe(true);
  expect(matches("TLS1-*", "aTLS1-x")).toBe(false);
  expect(matches("a.b?", "a.bc")).toBe(true);
  expect(matches("a.b?", "axbc")).toBe(false);
});

test("every disabled group has a reason and patterns, and none stands twice", () => {
  const patterns = disabled.flatMap((group) => group.patterns);
  expect(new Set(patterns).size).toBe(patterns.length);
  for (const { reason, patterns: own } of disabled) {
    expect(reason).toMatch(/\w{3,}/);
    expect(own.length).toBeGreaterThan(0);
    for (const pattern of own) expect(isDisabledBy(disabled, pattern.replaceAll("*", "x"))).toBeDefined();
  }
});

test("the runner is told each name that a group has, with its reason, but for a group's exceptions", () => {
  const groups = [
    { reason: "old", patterns: ["*-TLS1"], except: ["Least-*"] },
    { reason: "other", patterns: ["A*"] },
  ];
  const names = ["A-TLS1", "Least-TLS1", "Least-TLS12", "Ab"];
  expect(disabledTests(groups, names)).toEqual({ "A-TLS1": "old", Ab: "other" });
});

test("a prefix says for which connection a flag is meant; without one it is for all", () => {
  const { initial, resume, retry } = readCommandLine([
    "-port",
    "1",
    "-on-resume-curves",
    "29",
    "-on-initial-async",
    "-on-handshaker-curves",
    "23",
  ]);
  expect([initial, resume, retry].map((flags) => flags.number("port"))).toEqual([1, 1, 1]);
  expect([initial, resume, retry].map((flags) => flags.numbers("curves"))).toEqual([[], [29], []]);
  expect([initial, resume, retry].map((flags) => flags.has("async"))).toEqual([true, false, false]);
});

test("behind -new-x509-credential flags of certificates are that credential's, and others the connection's", () => {
  const { initial } = readCommandLine([
    "-cert-file",
    "a",
    "-new-x509-credential",
    "-cert-file",
    "b",
    "-curves",
    "29",
    "-must-match-issuer",
  ]);
  expect(initial.text("cert-file")).toBe("a");
  expect(initial.credentials.map(({ flags }) => [flags.text("cert-file"), flags.has("must-match-issuer")])).toEqual([
    ["b", true],
  ]);
  expect(initial.numbers("curves")).toEqual([29]);
});

test("a flag that nobody knows is not implemented, and one of its kind takes no other for its value", () => {
  expect(() => readCommandLine(["-no-such-flag"])).toThrow(Unimplemented);
  expect(readCommandLine(["-export-label", "-server"]).initial.text("export-label")).toBe("-server");
});
