// A handshake opened: who said what in which order, where each field stands, and what does not break it.
import { fc, test } from "@fast-check/vitest";
import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { type InspectedField, inspect, type Step } from "@sallyport/explain";
import { examples } from "../../packages/inspect/src/page/examples.ts";

const recorded: readonly { readonly id: string; readonly hex: string }[] = JSON.parse(
  readFileSync(new URL("../vectors/data/clienthellos.json", import.meta.url), "utf8"),
);
const [board, , whole] = examples.map(({ text }) => text);
const names = (steps: readonly Step[]): readonly string[] => steps.map(({ from, name }) => `${from}: ${name}`);

test("two directions are told flight by flight", () => {
  const { steps, report } = inspect(whole ?? "");
  expect(names(steps)).toEqual([
    "client: client_hello",
    "server: server_hello",
    "server: certificate",
    "server: server_key_exchange",
    "server: server_hello_done",
    "client: client_key_exchange",
    "client: change_cipher_spec",
    "client: sealed handshake",
    "server: new_session_ticket",
    "server: change_cipher_spec",
    "server: sealed handshake",
    "server: application_data",
    "server: sealed alert",
  ]);
  expect(report.severity).toBe("information");
});

test("an alert that was pasted behind a hello is the server's", () => {
  expect(names(inspect(board ?? "").steps)).toEqual(["client: client_hello", "server: handshake_failure"]);
});

describe("a message that came in several records", () => {
  const message = (recorded.find(({ id }) => id === "stm32-secp224r1")?.hex ?? "").slice(10);
  const record = (hex: string): string => `160301${(hex.length / 2).toString(16).padStart(4, "0")}${hex}`;
  const plain = inspect(record(message)).steps[0];

  test.prop([fc.array(fc.nat({ max: message.length / 2 }), { maxLength: 6 })], { numRuns: 60 })(
    "has the same fields, whose bytes stand around the headers",
    (cuts) => {
      const places = [...new Set([0, ...cuts, message.length / 2])].sort((one, other) => one - other);
      const records = places.slice(1).map((to, at) => record(message.slice(2 * (places[at] ?? 0), 2 * to)));
      const { steps } = inspect(records.join(""));
      expect(steps).toHaveLength(1);
      const [step] = steps;
      expect(Buffer.from(step?.bytes ?? []).toString("hex")).toBe(records.join(""));
      expect(step?.fields.filter(({ name }) => name === "record")).toHaveLength(records.length);
      expect(contents(step)).toEqual(contents(plain));
    },
  );

  test("two messages of one record share its header: the first shows it", () => {
    const { steps } = inspect(record(`${message}0e000000`));
    expect(steps.map(({ fields }) => fields.map(({ name }) => name))).toEqual([
      ["record", "msg_type", "body"],
      ["msg_type", "body"],
    ]);
  });
});

test.each(recorded.map(({ id, hex }) => [id, hex] as const))(
  "the recorded hello of %s has no broken field, and a verdict of every kind of server",
  (_, hex) => {
    const { steps, verdicts } = inspect(hex);
    expect(steps.some(({ isBroken }) => isBroken)).toBe(false);
    expect(verdicts.length).toBeGreaterThanOrEqual(6);
  },
);

test("a message that breaks says where", () => {
  const [step] = inspect(`1603010030010000ff0303${"00".repeat(40)}`).steps;
  expect(step?.isBroken).toBe(true);
  expect(step?.fields.find(({ name }) => name === "body")).toMatchObject({
    isBroken: true,
    note: "it says 255 bytes, and 42 are left",
  });
});

test.prop([fc.uint8Array({ maxLength: 2000 })], { numRuns: 100 })("any bytes are opened, to printable text", (bytes) => {
  for (const step of inspect(bytes).steps) expect(JSON.stringify(step.fields)).toMatch(/^[ -~]*$/);
});

test("of a stream of a hundred thousand records so many are shown, and no more", () => {
  const records = Buffer.concat(Array.from({ length: 100_000 }, () => Buffer.from("1703030001aa", "hex")));
  expect(inspect(records).steps.length).toBeLessThanOrEqual(200);
});

/** Name and bytes of each innermost field, headers left out. */
function contents(step: Step | undefined): readonly string[] {
  if (step === undefined) return [];
  const leaves = (field: InspectedField): readonly InspectedField[] =>
    field.fields.length === 0 ? [field] : field.fields.flatMap(leaves);
  return step.fields
    .filter(({ name }) => name !== "record")
    .flatMap(leaves)
    .map(
      ({ name, ranges }) =>
        `${name} ${ranges.map(([start, end]) => Buffer.from(step.bytes.subarray(start, end)).toString("hex")).join("")}`,
    );
}
