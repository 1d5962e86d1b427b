import { fc, test as property } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import {
  addressText,
  isDnsName,
  isDnsPattern,
  matches,
  nameTexts,
  parseAddress,
  parseMailbox,
  parseReferenceName,
} from "../../packages/x509/src/names.ts";

const covers = (presented: string, serverName: string): boolean => {
  const reference = parseReferenceName(serverName);
  return reference !== undefined && matches(reference, { form: "dns", value: presented });
};

describe("a DNS name", () => {
  test.for([
    ["example.com", "example.com"],
    ["EXAMPLE.com", "example.COM"],
    ["example.com", "example.com."],
    ["*.example.com", "www.example.com"],
    ["*.example.com", "xn--bcher-kva.example.com"],
    ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["localhost", "localhost"],
    ["my_host.example", "my_host.example"],
  ] as const)("%s covers %s", ([presented, serverName]) => {
    expect(covers(presented, serverName)).toBe(true);
  });

  test.for([
    ["example.com", "www.example.com", "a name is no parent"],
    ["*.example.com", "example.com", "a wildcard stands for a label"],
    ["*.example.com", "a.b.example.com", "for one"],
    ["*.example.com", ".example.com", "that is there"],
    ["*.com", "example.com", "never for a whole registry"],
    ["*", "localhost", "nor for all"],
    ["w*.example.com", "www.example.com", "it is the whole label"],
    ["www.*.com", "www.example.com", "the leftmost one"],
    ["*.*.example.com", "a.b.example.com", "and the only one"],
    ["example.com.", "example.com", "a presented name is never absolute"],
    ["example.com\0.evil.example", "example.com", "no terminator"],
    [" example.com", "example.com", "no space"],
    ["10.0.0.1", "10.0.0.1", "an address is no DNS name"],
    ["xn--bcher-kva.example", "bücher.example", "names are given in A-labels"],
    ["*.0.0.1", "10.0.0.1", "nor is its end"],
  ] as const)("%s doesn't cover %s: %s", ([presented, serverName]) => {
    expect(covers(presented, serverName)).toBe(false);
  });

  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
  const name = fc.tuple(label, label, fc.constantFrom("com", "example", "x1")).map((labels) => labels.join("."));
  property.prop([name, label])("covers itself in any case, a label more only by a wildcard, and never two", (base, extra) => {
    expect(isDnsName(base)).toBe(true);
    expect(covers(base, base.toUpperCase())).toBe(true);
    expect(covers(base, `${extra}.${base}`)).toBe(false);
    expect(covers(`*.${base}`, `${extra}.${base}`)).toBe(true);
    expect(covers(`*.${base}`, `${extra}.${extra}.${base}`)).toBe(false);
  });
  property.prop([fc.string({ unit: "binary-ascii" }), fc.string({ unit: "binary-ascii" })])(
    "any two strings: an answer, and no throw",
    (presented, serverName) => {
      if (covers(presented, serverName)) expect(isDnsPattern(presented.toLowerCase())).toBe(true);
    },
  );
  test("has labels of at most 63 and 253 characters in all", () => {
    expect(isDnsName(`${"a".repeat(63)}.example`)).toBe(true);
    expect(isDnsName(`${"a".repeat(64)}.example`)).toBe(false);
    expect(isDnsName(`${"a.".repeat(124)}test`)).toBe(true);
    expect(isDnsName(`${"a.".repeat(126)}test`)).toBe(false);
  });
});

describe("an IP address", () => {
  test("matches by its octets, and no DNS name", () => {
    const reference = parseReferenceName("2001:DB8::1");
    if (reference === undefined) throw new Error("an address");
    expect(
      matches(reference, { form: "ip", value: Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) }),
    ).toBe(true);
    expect(matches(reference, { form: "dns", value: "2001:db8::1" })).toBe(false);
    const mapped = parseReferenceName("::ffff:192.0.2.1");
    expect(mapped && matches(mapped, { form: "ip", value: Uint8Array.of(192, 0, 2, 1) })).toBe(false);
  });

  test.for([
    ["2001:db8::1", "2001:db8::1"],
    ["2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::", "::"],
    ["1::", "1::"],
    ["::1", "::1"],
    ["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"],
    ["1:2:3:0:5:6:7:8", "1:2:3:0:5:6:7:8"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["192.0.2.1", "192.0.2.1"],
  ] as const)("%s is written %s", ([text, canonical]) => {
    const address = parseAddress(text);
    expect(address && addressText(address)).toBe(canonical);
  });

  test.for([
    "",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "12345::",
    "::1%eth0",
    "[::1]",
    "g::",
    "1.2.3",
    "1.2.3.4.5",
    "256.0.0.1",
    "01.2.3.4",
    "1.2.3.4 ",
    "0x1.2.3.4",
    "192.0.2.1::",
    ":1:2:3:4:5:6:7",
  ])("%s is none", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  property.prop([fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))])(
    "reads back what was written",
    (address) => {
      expect(parseAddress(addressText(address))).toEqual(address);
    },
  );
  property.prop([fc.ipV6()])("reads what others write", (text) => {
    expect(parseAddress(text)).toHaveLength(16);
  });
});

test("a mailbox has one at sign, a dot-string before it and a host behind", () => {
  expect(parseMailbox("who+tag@example.com")).toEqual({ local: "who+tag", host: "example.com" });
  for (const none of [
    "who",
    "@example.com",
    "who@",
    "a@b@example.com",
    ".who@example.com",
    "w..o@example.com",
    "who@-",
    '"a b"@example.com',
    "who@[1.2.3.4]",
  ]) {
    expect(parseMailbox(none), none).toBeUndefined();
  }
});

test("the names of a certificate can't be taken for names of another form", () => {
  const names = [
    { form: "dns", value: "Example.com" },
    { form: "dns", value: "127.0.0.1" },
    { form: "uri", value: "ab::1" },
    { form: "ip", value: Uint8Array.of(127, 0, 0, 2) },
    { form: "email", value: "who@example.com" },
    { form: "uri", value: "spiffe://x/y" },
  ] as const;
  expect(nameTexts(names, "services")).toEqual(["example.com", "127.0.0.2"]);
  expect(nameTexts(names, "everything")).toEqual(["example.com", "127.0.0.2", "who@example.com", "spiffe://x/y"]);
});
