import * as x509 from "@peculiar/x509";
import { type GeneralName, parseCertificate, parseDistinguishedName } from "@sallyport/x509";
import { describe, expect, test, vi } from "vitest";
import { violatedBy } from "../../packages/x509/src/constraints.ts";
import { authority, keyPair, party } from "../support/chains.ts";
import { oid, sequence, tlv } from "../support/der.ts";
import { text } from "../support/octets.ts";

const keys = await keyPair("P-256");
const root = await authority("CN=Root", { keys });

/** What becomes of a certificate with these names under these subtrees. */
async function judge(
  names: x509.JsonGeneralNames,
  subtrees: { readonly permitted?: readonly GeneralName[]; readonly excluded?: readonly GeneralName[] },
  subject = "CN=x",
): Promise<string> {
  const extensions = names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
  const { der } = await party(subject, { by: root, keys, extensions });
  const violation = violatedBy(parseCertificate(der), { permitted: [], excluded: [], ...subtrees }, { left: 100 });
  return violation === undefined || violation === "given-up" ? (violation ?? "allowed") : violation.because;
}
const dns = (value: string): GeneralName => ({ form: "dns", value });
const email = (value: string): GeneralName => ({ form: "email", value });
const uri = (value: string): GeneralName => ({ form: "uri", value });
const ip = (...value: readonly number[]): GeneralName => ({ form: "ip", value: Uint8Array.from(value) });
const directory = (name: string): GeneralName => ({
  form: "directory",
  value: parseDistinguishedName(new Uint8Array(new x509.Name(name).toArrayBuffer())),
});

describe("DNS names", () => {
  test.for([
    ["example.com", "example.com", "allowed"],
    ["a.b.example.com", "example.com", "allowed"],
    ["EXAMPLE.com", "example.COM", "allowed"],
    ["xexample.com", "example.com", "not permitted"],
    ["com", "example.com", "not permitted"],
    ["anything.test", "", "allowed"],
    ["*.example.com", "example.com", "allowed"],
    ["*.example.com", "a.example.com", "not permitted"],
    ["*.com", "com", "can't be compared"],
    ["-.example.com", "example.com", "can't be compared"],
  ] as const)("%s under a permitted '%s' is %s", async ([name, subtree, expected]) => {
    expect(await judge([{ type: "dns", value: name }], { permitted: [dns(subtree)] })).toBe(expected);
  });
  test.for([
    ["a.example.com", "example.com", "excluded"],
    ["example.org", "example.com", "allowed"],
    ["*.example.com", "a.example.com", "excluded"],
    ["*.example.com", "b.a.example.com", "allowed"],
    ["*.a.example.com", "example.com", "excluded"],
    ["any.test", "", "excluded"],
  ] as const)("%s under an excluded '%s' is %s", async ([name, subtree, expected]) => {
    expect(await judge([{ type: "dns", value: name }], { excluded: [dns(subtree)] })).toBe(expected);
  });
  test("excluding goes before permitting", async () => {
    expect(
      await judge([{ type: "dns", value: "a.example.com" }], {
        permitted: [dns("example.com")],
        excluded: [dns("a.example.com")],
      }),
    ).toBe("excluded");
  });
  test("names of another form are left alone", async () => {
    expect(await judge([{ type: "ip", value: "192.0.2.1" }], { permitted: [dns("example.com")] })).toBe("allowed");
  });
});

test.for([
  ["who@example.com", "example.com", "allowed"],
  ["who@a.example.com", "example.com", "not permitted"],
  ["who@a.example.com", ".example.com", "allowed"],
  ["who@example.com", ".example.com", "not permitted"],
  ["who@EXAMPLE.com", "who@example.com", "allowed"],
  ["Who@example.com", "who@example.com", "not permitted"],
  ["who", "example.com", "can't be compared"],
  ["a@b@example.com", "example.com", "can't be compared"],
] as const)("the mail address %s under a permitted '%s' is %s", async ([name, subtree, expected]) => {
  expect(await judge([{ type: "email", value: name }], { permitted: [email(subtree)] })).toBe(expected);
});

test("a mail address of the subject counts where the alternative names have none", async () => {
  expect(await judge([], { permitted: [email("example.com")] }, "E=who@example.org")).toBe("not permitted");
  expect(
    await judge([{ type: "email", value: "who@example.com" }], { permitted: [email("example.com")] }, "E=who@example.org"),
  ).toBe("allowed");
});

test.for([
  ["https://who@host.example.com:8443/path", ".example.com", "allowed"],
  ["https://example.com/", ".example.com", "not permitted"],
  ["https://example.com?x", "example.com", "allowed"],
  ["urn:uuid:1", "example.com", "can't be compared"],
  ["https://192.0.2.1/", "example.com", "can't be compared"],
  ["https://[::1]/", "example.com", "can't be compared"],
  ["https://example.com\\@evil.test/", "example.com", "can't be compared"],
] as const)("the URI %s under a permitted '%s' is %s", async ([name, subtree, expected]) => {
  expect(await judge([{ type: "url", value: name }], { permitted: [uri(subtree)] })).toBe(expected);
});

test.for([
  ["192.0.2.9", [192, 0, 2, 8, 255, 255, 255, 252], "allowed"],
  ["192.0.2.12", [192, 0, 2, 8, 255, 255, 255, 252], "not permitted"],
  ["8.8.8.8", [0, 0, 0, 0, 0, 0, 0, 0], "allowed"],
  ["::1", [0, 0, 0, 0, 0, 0, 0, 0], "not permitted"],
] as const)("the address %s under a permitted %j is %s", async ([name, network, expected]) => {
  expect(await judge([{ type: "ip", value: name }], { permitted: [ip(...network)] })).toBe(expected);
});

describe("directory names", () => {
  test.for([
    ["O=Example,CN=x", "O=Example", "allowed"],
    ["O=EXAMPLE  ,CN=x", "O=example", "allowed"],
    ["CN=x,O=Example", "O=Example", "not permitted"],
    ["O=Example", "O=Example,OU=Inner", "not permitted"],
  ] as const)("the subject %s under a permitted %s is %s", async ([subject, subtree, expected]) => {
    expect(await judge([], { permitted: [directory(subtree)] }, subject)).toBe(expected);
  });
  test("a value in no known character set can't be told from what is excluded by its type", () => {
    const named = (tag: number) =>
      ({
        form: "directory",
        value: parseDistinguishedName(sequence(tlv(0x31, sequence(oid("2.5.4.10"), tlv(tag, text("Example")))))),
      }) as const;
    const subtrees = { permitted: [], excluded: [directory("O=Example")] };
    const certificate = (tag: number) => ({ ...parseCertificate(root.der), subject: named(tag).value });
    const judged = (tag: number, excluded = subtrees.excluded) =>
      violatedBy(certificate(tag), { permitted: [], excluded }, { left: 100 });
    expect(judged(0x0c)).toMatchObject({ because: "excluded" });
    expect(judged(0x1b)).toMatchObject({ because: "can't be compared" });
    expect(judged(0x1b, [directory("CN=Example")])).toBeUndefined();
  });
  test("an empty subject is no name", async () => {
    expect(await judge([], { permitted: [directory("O=Example")] }, "")).toBe("allowed");
  });
});

test("a form that can't be compared is refused where it is constrained, and only there", async () => {
  const names: x509.JsonGeneralNames = [{ type: "id", value: "1.2.3" }];
  expect(await judge(names, { excluded: [{ form: "registeredID", value: Uint8Array.of(0x88, 1, 42) }] })).toBe(
    "can't be compared",
  );
  expect(await judge(names, { excluded: [{ form: "otherName", value: Uint8Array.of(0xa0, 0) }] })).toBe("allowed");
});

test("comparisons are counted, and given up in time", async () => {
  const names = Array.from({ length: 60 }, (_, at) => ({ type: "dns", value: `a${at}.example.com` }) as const);
  expect(await judge(names, { permitted: [dns("example.org"), dns("example.com")] })).toBe("given-up");
});

describe("what a name costs to read is paid once, however many subtrees it meets", () => {
  const many = 200;
  const subtrees = <Form extends "email" | "uri">(form: Form, of: (at: number) => string): GeneralName[] =>
    Array.from({ length: many }, (_, at) => ({ form, value: of(at) }));
  const violation = async (
    names: x509.JsonGeneralNames,
    excluded: readonly GeneralName[],
    subject?: string,
  ): Promise<unknown> => {
    const { der } = await party(subject ?? "CN=x", {
      by: root,
      keys,
      extensions: [new x509.SubjectAlternativeNameExtension(names)],
    });
    return violatedBy(parseCertificate(der), { permitted: [], excluded }, { left: 100_000 });
  };

  test("a directory name is folded once", async () => {
    // One character that becomes eighteen.
    const subject = `CN=${"\ufdfa".repeat(50)}`;
    const excluded = Array.from({ length: many }, (_, at) => directory(`CN=${at}`));
    const folds = vi.spyOn(String.prototype, "normalize");
    expect(await violation([{ type: "dns", value: "example.com" }], excluded, subject)).toBeUndefined();
    expect(folds.mock.calls.length).toBe(many + 1);
    folds.mockRestore();
  });
  test("a set of many attributes is compared without trying each with each", async () => {
    const attributes = (from: number): string => Array.from({ length: 300 }, (_, at) => `OU=${1000 + from + at}`).join("+");
    const compared = vi.spyOn(String.prototype, "normalize");
    expect(await violation([{ type: "dns", value: "example.com" }], [directory(attributes(1))], attributes(0))).toBeUndefined();
    expect(compared.mock.calls.length).toBe(600);
    compared.mockRestore();
  });
  test("a mail address and each base are taken apart once", async () => {
    const names = Array.from({ length: many }, (_, at) => ({ type: "email", value: `a${at}@example.com` }) as const);
    const splits = vi.spyOn(String.prototype, "split");
    expect(
      await violation(
        names,
        subtrees("email", (at) => `${"x".repeat(40)}${at}@example.org`),
      ),
    ).toBeUndefined();
    expect(splits.mock.calls.filter(([separator]) => (separator as unknown) === "@").length).toBe(2 * many);
    splits.mockRestore();
  });
  test("a URI's host is looked for once", async () => {
    const looks = vi.spyOn(RegExp.prototype, "exec");
    const names = [{ type: "url", value: `https://example.com/${"x".repeat(1000)}` }] as const;
    expect(
      await violation(
        [...names],
        subtrees("uri", (at) => `${at}.example.org`),
      ),
    ).toBeUndefined();
    expect(looks.mock.contexts.filter((pattern) => String(pattern).includes(":\\/\\/")).length).toBeLessThan(10);
    looks.mockRestore();
  });
  test("names are counted also where nothing is compared", async () => {
    const names = Array.from({ length: 60 }, (_, at) => ({ type: "dns", value: `a${at}.example.com` }) as const);
    const { der } = await party("", { by: root, keys, extensions: [new x509.SubjectAlternativeNameExtension(names)] });
    const constraints = { permitted: [], excluded: [ip(192, 0, 2, 0, 255, 255, 255, 0)] };
    expect(violatedBy(parseCertificate(der), constraints, { left: 59 })).toBe("given-up");
    expect(violatedBy(parseCertificate(der), constraints, { left: 60 })).toBeUndefined();
  });
});
