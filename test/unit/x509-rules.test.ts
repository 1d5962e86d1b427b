// What RFC 5280 §4 and the Baseline Requirements §7.1 say of a certificate, rule by rule: a chain of three in which one thing is
// changed, and what both profiles say of it. BR means the profile of the Web PKI, which is the default.
import { node } from "@sallyport/crypto-node";
import { clientVerifier, type Profile, serverVerifier } from "@sallyport/x509";
import { ConfigError } from "@sallyport/core";
import { describe, expect, test } from "vitest";
import {
  aki,
  bc,
  type Change,
  directory,
  dns,
  ecdsaSha256,
  eku,
  email,
  ids,
  intermediate,
  intermediateKeys,
  ip,
  ku,
  leaf,
  leafKeys,
  name,
  nc,
  newKeys,
  otherName,
  root,
  rootKeys,
  san,
  ski,
  spki,
  uri,
} from "../support/certificates.ts";
import { noon, presented, purposes, verdict } from "../support/chains.ts";
import {
  bitString,
  explicit,
  extension,
  generalizedTime,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  tlv,
  utcTime,
  yes,
} from "../support/der.ts";
import { text } from "../support/octets.ts";

interface World {
  readonly root?: Change;
  readonly intermediate?: Change;
  readonly leaf?: Change;
  readonly serverName?: string;
  /** Default server. */
  readonly purpose?: "server" | "client";
}
const good = "trusted";
const form = "bad_certificate: not-in-profile";
const malformed = "bad_certificate: malformed";
const critical = "bad_certificate: unknown-critical-extension";
/** An intermediate that can't be read may have been the issuer that is missing. */
const unreadable = "bad_certificate: malformed, unknown-issuer";
const wrongName = "bad_certificate: wrong-name";
const notAllowed = "bad_certificate: name-not-allowed";
/** A root that can't be read, or has no right to be one, is refused before any peer comes. */
const refused = "ConfigError";

function judge(
  { root: top = {}, intermediate: middle = {}, leaf: end = {}, serverName = "example.com", purpose = "server" }: World,
  profile: Profile,
): string {
  const options = { provider: node, roots: [root(top)], profile };
  const chain = [leaf(end, purpose), intermediate(middle)] as const;
  try {
    return purpose === "server"
      ? verdict(serverVerifier(options), presented(chain, { serverName }))
      : verdict(clientVerifier(options), presented(chain, { role: "client", serverName: undefined }));
  } catch (thrown) {
    if (thrown instanceof ConfigError) return refused;
    throw thrown;
  }
}

type Row = readonly [rule: string, world: World, br: string, rfc5280?: string];
function rules(subject: string, rows: readonly Row[]): void {
  describe(subject, () => {
    test.for(rows)("%s", ([, world, br, rfc5280 = br]) => {
      expect({ br: judge(world, "web-pki"), rfc5280: judge(world, "rfc5280") }).toEqual({ br, rfc5280 });
    });
  });
}
const set = (id: string, value: ReturnType<typeof bc> | undefined): Change => ({ extensions: { [id]: value } });
const names = (...list: readonly ReturnType<typeof dns>[]): Change => set(ids.san, san(list));
/** Any extension, with some value that is DER. */
const some = (id: string, isCritical: boolean): Change => set(id, extension(id, isCritical, sequence(integer(1))));
const day = 86_400_000;

rules("the chain that nothing is wrong with", [
  ["is a server's", {}, good],
  ["is a client's", { purpose: "client" }, good],
]);

rules("version (RFC 5280 §4.1.2.1, BR §7.1.1)", [
  ["a leaf of version 3 may not have written another", { leaf: { version: explicit(0, integer(1)) } }, malformed],
  ["version 1 has no extensions", { leaf: { version: [] } }, malformed],
  ["version 1 is never written", { leaf: { version: explicit(0, integer(0)) } }, malformed],
  ["there is no version 4", { leaf: { version: explicit(0, integer(3)) } }, malformed],
  ["nor does an issuer have another", { intermediate: { version: explicit(0, integer(1)) } }, unreadable],
  ["nor a root", { root: { version: explicit(0, integer(1)) } }, refused],
]);

rules("serial number (§4.1.2.2)", [
  ["has at most 20 octets", { leaf: { serial: integer(0x7f, ...Array<number>(19).fill(1)) } }, good],
  ["and never 21", { leaf: { serial: integer(0x7f, ...Array<number>(20).fill(1)) } }, form],
  ["its sign octet counts", { leaf: { serial: integer(0, 0x80, ...Array<number>(19).fill(1)) } }, form],
  ["is not zero", { leaf: { serial: integer(0) } }, form],
  ["is not negative", { leaf: { serial: integer(0x80) } }, form],
  ["in an intermediate either", { intermediate: { serial: integer(0) } }, form],
  ["of a root nobody asks: old ones have it", { root: { serial: integer(0) } }, good],
  ["is in the fewest octets", { leaf: { serial: integer(0, 1) } }, malformed],
]);

rules("signature algorithm (§4.1.1.2, §4.1.2.3)", [
  ["the one outside is the one that was signed", { leaf: { algorithm: sequence(oid("1.2.840.10045.4.3.3")) } }, malformed],
  ["the one inside is the one outside", { leaf: { innerAlgorithm: sequence(oid("1.2.840.10045.4.3.3")) } }, malformed],
  [
    "ECDSA has no parameters",
    {
      leaf: {
        algorithm: sequence(oid("1.2.840.10045.4.3.2"), tlv(5)),
        innerAlgorithm: sequence(oid("1.2.840.10045.4.3.2"), tlv(5)),
      },
    },
    "unsupported_certificate: unsupported-signature",
  ],
  ["is the issuer's key's", { leaf: { signer: leafKeys.privateKey } }, "bad_certificate: bad-signature"],
  ["in an intermediate too", { intermediate: { signer: leafKeys.privateKey } }, "bad_certificate: bad-signature"],
  ["of a self-issued root nobody asks", { root: { signer: leafKeys.privateKey } }, good],
]);

rules("issuer and subject (§4.1.2.4, §4.1.2.6)", [
  ["a certificate names its issuer", { leaf: { issuer: sequence() } }, "unknown_ca: unknown-issuer, not-in-profile"],
  [
    "a leaf without a subject has critical alternative names",
    { leaf: { subject: sequence(), extensions: { [ids.san]: san([dns("example.com")], true) } } },
    good,
  ],
  ["and never others", { leaf: { subject: sequence() } }, form],
  [
    "an issuer has a subject",
    { intermediate: { subject: sequence() }, leaf: { issuer: sequence() } },
    "bad_certificate: not-in-profile, not-in-profile",
  ],
  [
    "names are the same octets, letter by letter",
    { leaf: { issuer: name(["CN", "INTERMEDIATE"]) } },
    "unknown_ca: unknown-issuer",
  ],
  ["and of the same string type", { leaf: { issuer: name(["CN", "Intermediate", 19]) } }, "unknown_ca: unknown-issuer"],
]);

rules("validity (§4.1.2.5)", [
  ["a date before 2050 is a UTCTime", { leaf: { notAfter: generalizedTime(noon + 30 * day) } }, form],
  ["in an intermediate as well", { intermediate: { notBefore: generalizedTime(noon - 30 * day) } }, form],
  ["in a root it harms nobody", { root: { notAfter: generalizedTime(noon + 30 * day) } }, good],
  ["from 2050 on it is a GeneralizedTime", { leaf: { notAfter: generalizedTime(Date.UTC(2050, 0, 1)) } }, good],
  ["99991231235959Z is for what never ends", { leaf: { notAfter: tlv(24, text("99991231235959Z")) } }, good],
  ["a UTCTime of 50 is 1950", { leaf: { notAfter: tlv(23, text("500101000000Z")) } }, "certificate_expired: expired"],
  ["of 49 it is 2049", { leaf: { notAfter: tlv(23, text("491231235959Z")) } }, good],
  ["has seconds", { leaf: { notAfter: tlv(23, text("2701010000Z")) } }, malformed],
  ["has no fractions", { leaf: { notAfter: tlv(24, text("20510101000000.5Z")) } }, malformed],
  ["is in UTC", { leaf: { notAfter: tlv(23, text("270101000000+0100")) } }, malformed],
  ["is a day of the calendar", { leaf: { notAfter: tlv(23, text("270229000000Z")) } }, malformed],
  [
    "ends after it begins",
    { leaf: { notBefore: utcTime(noon + day), notAfter: utcTime(noon - day) } },
    "certificate_expired: expired, not-yet-valid",
  ],
  ["is inclusive at its end", { leaf: { notAfter: utcTime(noon) } }, good],
  ["and at its beginning", { leaf: { notBefore: utcTime(noon) } }, good],
  ["of the leaf", { leaf: { notAfter: utcTime(noon - 1000) } }, "certificate_expired: expired"],
  ["of an intermediate", { intermediate: { notAfter: utcTime(noon - 1000) } }, "certificate_expired: expired"],
  ["of a root", { root: { notAfter: utcTime(noon - 1000) } }, "certificate_expired: expired"],
  ["from the future, of the leaf", { leaf: { notBefore: utcTime(noon + 1000) } }, "certificate_expired: not-yet-valid"],
  [
    "from the future, of an intermediate",
    { intermediate: { notBefore: utcTime(noon + 1000) } },
    "certificate_expired: not-yet-valid",
  ],
  ["from the future, of a root", { root: { notBefore: utcTime(noon + 1000) } }, "certificate_expired: not-yet-valid"],
]);

rules("subject public key (§4.1.2.7, BR §7.1.3.1)", [
  ["the curve is named", { leaf: { publicKey: ecKey(sequence(integer(1))) } }, "unsupported_certificate: unsupported-key"],
  ["the curve is one of three", { leaf: { publicKey: ecKey(oid("1.3.132.0.10")) } }, "unsupported_certificate: unsupported-key"],
  [
    "the point is not compressed",
    {
      leaf: {
        publicKey: sequence(
          sequence(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")),
          bitString([2, ...Array<number>(32).fill(1)]),
        ),
      },
    },
    "unsupported_certificate: unsupported-key",
  ],
  [
    "is none of DSA",
    { leaf: { publicKey: sequence(sequence(oid("1.2.840.10040.4.1"), sequence(integer(1))), bitString(integer(1))) } },
    "unsupported_certificate: unsupported-key",
  ],
]);
function ecKey(parameters: ReturnType<typeof oid>): ReturnType<typeof oid> {
  return sequence(sequence(oid("1.2.840.10045.2.1"), parameters), bitString([4, ...Array<number>(64).fill(1)]));
}

rules("unique identifiers (§4.1.2.8)", [
  ["nobody has any", { leaf: { uniqueIds: implicit(1, [0, 7]) } }, form],
  ["as a subject neither", { intermediate: { uniqueIds: implicit(2, [0, 7]) } }, form],
  ["of a root nobody asks", { root: { uniqueIds: implicit(2, [0, 7]) } }, good],
]);

rules("extensions (§4.2)", [
  ["none is there twice", { leaf: { extensions: { twice: san([dns("example.com")]) } } }, malformed],
  ["one that is critical and unknown is refused", { leaf: some("1.3.6.1.4.1.99999.1", true) }, critical],
  ["in an intermediate", { intermediate: some("1.3.6.1.4.1.99999.1", true) }, critical],
  ["in a root", { root: some("1.3.6.1.4.1.99999.1", true) }, critical],
  [
    "one that is unknown and not critical is ignored",
    {
      leaf: some("1.3.6.1.4.1.99999.1", false),
      intermediate: some("1.3.6.1.4.1.99999.1", false),
      root: some("1.3.6.1.4.1.99999.1", false),
    },
    good,
  ],
  [
    "the poison of a precertificate is critical (RFC 6962 §3.1)",
    { leaf: set(ids.poison, extension(ids.poison, true, tlv(5))) },
    critical,
  ],
  [
    "FALSE is never written",
    { leaf: set("1.3.6.1.4.1.99999.1", sequence(oid("1.3.6.1.4.1.99999.1"), tlv(1, [0]), octetString(tlv(5)))) },
    malformed,
  ],
  [
    "TRUE is 255",
    { leaf: set("1.3.6.1.4.1.99999.1", sequence(oid("1.3.6.1.4.1.99999.1"), tlv(1, [1]), octetString(tlv(5)))) },
    malformed,
  ],
  [
    "issuer alternative names that are critical are not looked at",
    { leaf: set(ids.ian, extension(ids.ian, true, sequence(dns("ca.example")))) },
    critical,
  ],
  [
    "distribution points that are critical want lists fetched",
    {
      leaf: set(
        ids.crldp,
        extension(ids.crldp, true, sequence(sequence(explicit(0, explicit(0, uri("http://ca.example/crl")))))),
      ),
    },
    critical,
  ],
  ["the freshest list is not critical", { leaf: some(ids.freshest, true) }, critical],
]);

rules("authority key identifier (§4.2.1.1, BR §7.1.2.11.1)", [
  ["a leaf has one", { leaf: set(ids.aki, undefined) }, form],
  ["an intermediate has one", { intermediate: set(ids.aki, undefined) }, form],
  ["a root needs none", { root: set(ids.aki, undefined) }, good],
  ["a root may have its own", { root: set(ids.aki, aki(rootKeys)) }, good],
  ["but no other", { root: set(ids.aki, aki(leafKeys)) }, form, good],
  ["is not critical", { leaf: set(ids.aki, aki(intermediateKeys, true)) }, form],
  ["in an intermediate", { intermediate: set(ids.aki, aki(rootKeys, true)) }, form],
  ["nor in a root", { root: set(ids.aki, aki(rootKeys, true)) }, form],
  ["has the key's", { leaf: set(ids.aki, aki(undefined)) }, form],
  ["in an intermediate", { intermediate: set(ids.aki, aki(undefined)) }, form],
  ["in a root that has one", { root: set(ids.aki, aki(undefined)) }, form],
  [
    "has not the issuer's name and number",
    { leaf: set(ids.aki, aki(intermediateKeys, false, explicit(1, directory(name(["CN", "Root"]))), implicit(2, [7]))) },
    form,
    good,
  ],
  [
    "in a root either",
    { root: set(ids.aki, aki(rootKeys, false, explicit(1, directory(name(["CN", "Root"]))), implicit(2, [7]))) },
    form,
    good,
  ],
  [
    "and never one of the two",
    { leaf: set(ids.aki, aki(intermediateKeys, false, implicit(2, [7]))) },
    `${form}, not-in-profile`,
    form,
  ],
  ["names a key only to find it: the signature proves", { leaf: set(ids.aki, aki(leafKeys)) }, good],
]);

rules("subject key identifier (§4.2.1.2)", [
  ["an intermediate has one", { intermediate: set(ids.ski, undefined) }, form],
  ["a root has one", { root: set(ids.ski, undefined) }, form],
  ["a leaf needs none", { leaf: set(ids.ski, undefined) }, good],
  ["is not critical", { leaf: set(ids.ski, ski(leafKeys, true)) }, form],
  ["in an intermediate", { intermediate: set(ids.ski, ski(intermediateKeys, true)) }, form],
  ["nor in a root", { root: set(ids.ski, ski(rootKeys, true)) }, form],
]);

rules("key usage (§4.2.1.3, BR §7.1.2.7.11)", [
  ["a leaf needs none", { leaf: set(ids.ku, undefined) }, good],
  ["an issuer needs none to be one", { intermediate: set(ids.ku, undefined), root: set(ids.ku, undefined) }, good],
  ["may be not critical", { leaf: set(ids.ku, ku([0], false)), intermediate: set(ids.ku, ku([5], false)) }, good],
  ["allows something", { leaf: set(ids.ku, extension(ids.ku, true, tlv(3, [0]))) }, malformed],
  ["an issuer may sign certificates", { intermediate: set(ids.ku, ku([6])) }, "bad_certificate: not-a-ca"],
  ["a root too", { root: set(ids.ku, ku([0, 6])) }, "bad_certificate: not-a-ca"],
  ["who is no CA may not sign certificates", { leaf: set(ids.ku, ku([0, 5])) }, form],
  ["nor CRLs", { leaf: set(ids.ku, ku([0, 6])) }, form, good],
  ["a leaf signs (RFC 9846 §4.5.1.2)", { leaf: set(ids.ku, ku([2])) }, "unsupported_certificate: wrong-key-usage"],
  ["has no zero bits at its end", { leaf: set(ids.ku, extension(ids.ku, true, tlv(3, [6, 0x80]))) }, form],
  ["has no bits that nobody named", { leaf: set(ids.ku, ku([0, 9])) }, malformed],
]);

const policies = (...list: readonly string[]): Change =>
  set(ids.policies, extension(ids.policies, false, sequence(...list.map((id) => sequence(oid(id))))));
rules("certificate policies as such (§4.2.1.4)", [
  ["are ignored where nobody demands any", { leaf: policies("2.23.140.1.2.1") }, good],
  ["none is named twice", { leaf: policies("2.23.140.1.2.1", "2.23.140.1.2.1") }, malformed],
  ["are not an empty list", { leaf: policies() }, malformed],
]);

rules("subject alternative name (§4.2.1.6, BR §7.1.2.7.12)", [
  ["a server has one: the common name does not count (RFC 9525 §2)", { leaf: set(ids.san, undefined) }, wrongName],
  ["is not an empty list", { leaf: names() }, malformed],
  ["is not critical beside a subject", { leaf: set(ids.san, san([dns("example.com")], true)) }, form, good],
  ["an address is 4 or 16 octets", { leaf: names(dns("example.com"), ip(1, 2, 3)) }, malformed],
  [
    "is matched without case",
    { leaf: { subject: name(["O", "Example"]), ...names(dns("Example.COM")) }, serverName: "eXample.com" },
    good,
  ],
  [
    "an address is no DNS name",
    { leaf: names(dns("192.0.2.1")), serverName: "192.0.2.1" },
    `${wrongName}, not-in-profile, not-in-profile`,
    wrongName,
  ],
  ["not even beside the right one", { leaf: names(dns("example.com"), dns("192.0.2.1")) }, form, good],
  ["a DNS name has no blank", { leaf: names(dns("example.com"), dns(" ")) }, form, good],
  ["is not empty", { leaf: names(dns("example.com"), dns("")) }, form, good],
  [
    "has no NUL, before which somebody might stop reading",
    { leaf: names(dns("example.com"), dns("example.com\0.evil.example")) },
    form,
    good,
  ],
  ["has no dot at its end", { leaf: names(dns("example.com"), dns("example.com.")) }, form, good],
  ["nor at its beginning", { leaf: names(dns("example.com"), dns(".example.com")) }, form, good],
  ["has labels of at most 63", { leaf: names(dns("example.com"), dns(`${"a".repeat(64)}.com`)) }, form, good],
  ["is ASCII", { leaf: names(dns("b\u00fccher.example")) }, malformed],
  ["and not a URL", { leaf: names(dns("example.com"), dns("https://example.com")) }, form, good],
  ["may have an underscore, as people's have", { leaf: names(dns("example.com"), dns("a_b.example.com")) }, good],
  [
    "other forms are left alone",
    {
      leaf: names(
        dns("example.com"),
        email("a@example.com"),
        uri("https://example.com/"),
        otherName(),
        directory(name(["CN", "x"])),
      ),
    },
    good,
  ],
  ["a name of no known form is none", { leaf: names(dns("example.com"), tlv(0x89, [1])) }, malformed],
  [
    "what nobody looks into is DER all the same: another name",
    { leaf: names(dns("example.com"), explicit(0, oid("1.2.3"), explicit(0, [0x30, 5, 1]))) },
    malformed,
  ],
  ["an attribute of an unknown type", { leaf: { subject: name(["CN", "x", 0x73]) } }, malformed],
  ["an algorithm's parameters", { leaf: { innerAlgorithm: sequence(oid("1.2.840.10045.4.3.2"), tlv(0x30, [1])) } }, malformed],
  ["an address matches by its octets", { leaf: names(dns("example.com"), ip(192, 0, 2, 1)), serverName: "192.0.2.1" }, good],
  ["and no other's", { leaf: names(dns("example.com"), ip(192, 0, 2, 1)), serverName: "192.0.2.2" }, wrongName],
]);

rules("wildcards (RFC 9525 §6.3, BR §7.1.4.2)", [
  ["stand for one label", { leaf: names(dns("*.example.com")), serverName: "www.example.com" }, good],
  ["and not for two", { leaf: names(dns("*.example.com")), serverName: "a.b.example.com" }, wrongName],
  ["nor for none", { leaf: names(dns("*.example.com")), serverName: "example.com" }, wrongName],
  [
    "are the whole of the label",
    { leaf: names(dns("w*.example.com")), serverName: "www.example.com" },
    `${wrongName}, not-in-profile, not-in-profile`,
    wrongName,
  ],
  [
    "are its leftmost",
    { leaf: names(dns("www.*.com")), serverName: "www.example.com" },
    `${wrongName}, not-in-profile, not-in-profile`,
    wrongName,
  ],
  [
    "come once",
    { leaf: names(dns("*.*.com")), serverName: "www.example.com" },
    `${wrongName}, not-in-profile, not-in-profile`,
    wrongName,
  ],
  [
    "are not in an A-label",
    { leaf: names(dns("xn--*-tjb.example.com")), serverName: "xn--a-tjb.example.com" },
    `${wrongName}, not-in-profile, not-in-profile`,
    wrongName,
  ],
  ["are not alone", { leaf: names(dns("example.com"), dns("*")) }, form, good],
  [
    "are not right above the root",
    { leaf: names(dns("*.com")), serverName: "example.com" },
    `${wrongName}, not-in-profile`,
    wrongName,
  ],
]);

const called = (common: string, ...list: readonly ReturnType<typeof dns>[]): World => ({
  leaf: { subject: name(["CN", common]), ...names(dns("example.com"), ...list) },
});
rules("common name (BR §7.1.4.3)", [
  ["need not be there", { leaf: { subject: name(["O", "Example"]) } }, good],
  ["is one of the alternative names", called("www.example.com", dns("www.example.com")), good],
  ["and no other host", called("www.example.com"), form, good],
  ["letter by letter", called("Example.com"), form, good],
  ["a wildcard too", called("*.example.com", dns("*.example.com")), good],
  ["which stands for itself alone", called("www.example.com", dns("*.example.com")), form, good],
  ["but for its own domain", called("example.org", dns("*.example.org")), good],
  ["in A-labels", called("xn--bcher-kva.example", dns("xn--bcher-kva.example")), good],
  [
    "and not in U-labels",
    called(Buffer.from("b\u00fccher.example").toString("latin1"), dns("xn--bcher-kva.example")),
    form,
    good,
  ],
  ["an address is one of the addresses", called("192.0.2.1", ip(192, 0, 2, 1)), good],
  ["and not in another spelling", called("0xC0000201", ip(192, 0, 2, 1)), form, good],
  [
    "of version 6 as RFC 5952 writes it",
    called("2001:DB8::1", ip(0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), 1)),
    form,
    good,
  ],
  ["a display name is left alone", called("Example's server, at home"), good],
  ["nor is every word a host", called("example"), good],
  ["and in a client's anything is", { purpose: "client", leaf: { subject: name(["CN", "www.example.org"]) } }, good],
]);

rules("basic constraints (§4.2.1.9, BR §7.1.2.7.8)", [
  ["a leaf needs none", { leaf: set(ids.bc, undefined) }, good],
  ["an issuer has them", { intermediate: set(ids.bc, undefined) }, "bad_certificate: not-a-ca"],
  ["a root has them", { root: set(ids.bc, undefined) }, "bad_certificate: not-a-ca"],
  ["and is a CA", { intermediate: set(ids.bc, bc(false)) }, "bad_certificate: not-a-ca"],
  ["so is a root", { root: { extensions: { [ids.bc]: bc(false), [ids.ku]: ku([0]) } } }, "bad_certificate: not-a-ca"],
  ["are critical in an issuer", { intermediate: set(ids.bc, bc(true, undefined, false)) }, form],
  ["and in a root", { root: set(ids.bc, bc(true, undefined, false)) }, form],
  ["in a leaf they may be not critical", { leaf: set(ids.bc, bc(false, undefined, false)) }, good],
  [
    "a leaf is no CA",
    { leaf: { extensions: { [ids.bc]: bc(true), [ids.ku]: undefined } } },
    "bad_certificate: ca-as-end-entity",
    good,
  ],
  ["who is no CA has no path length", { leaf: set(ids.bc, bc(false, 0)) }, form],
  ["a path length of 0 allows a leaf below", { intermediate: set(ids.bc, bc(true, 0)) }, good],
  ["of 0 in the root allows no intermediate", { root: set(ids.bc, bc(true, 0)) }, "bad_certificate: path-length-exceeded"],
  ["of 1 in the root allows one", { root: set(ids.bc, bc(true, 1)) }, good],
  ["is not negative", { intermediate: set(ids.bc, extension(ids.bc, true, sequence(yes, integer(0xff)))) }, unreadable],
]);

const constrained = (permitted: readonly ReturnType<typeof dns>[], excluded: readonly ReturnType<typeof dns>[] = []): Change =>
  set(ids.nc, nc(permitted, excluded));
rules("name constraints (§4.2.1.10)", [
  ["are a CA's alone", { leaf: constrained([dns("example.com")]) }, form],
  ["are critical, where BR §7.1.2.5.2 lets be", { intermediate: set(ids.nc, nc([dns("example.com")], [], false)) }, good, form],
  ["count though they are not critical", { intermediate: set(ids.nc, nc([dns("example.org")], [], false)) }, notAllowed, form],
  ["constrain something", { intermediate: set(ids.nc, nc([])) }, unreadable],
  ["in a root count as well", { root: constrained([dns("example.org")]) }, notAllowed],
  ["permit a name and all below it", { intermediate: constrained([dns("com")]) }, good],
  ["and no other that ends alike", { intermediate: constrained([dns("le.com")]) }, notAllowed],
  ["exclude a name and all below it", { intermediate: constrained([], [dns("com")]) }, notAllowed],
  ["permit one of several", { intermediate: constrained([dns("example.org"), dns("example.com")]) }, good],
  ["excluding goes before permitting", { intermediate: constrained([dns("example.com")], [dns("example.com")]) }, notAllowed],
  [
    "hold for every name, not the one that was meant alone",
    { intermediate: constrained([dns("example.com")]), leaf: names(dns("example.com"), dns("example.org")) },
    notAllowed,
  ],
  [
    "of a name of one form say nothing of another",
    { intermediate: constrained([ip(192, 0, 2, 0, 255, 255, 255, 0)], [email("example.com")]) },
    good,
  ],
  ["a leading dot is no DNS name", { intermediate: constrained([dns(".example.com")]) }, unreadable],
  ["nor is a wildcard", { intermediate: constrained([dns("*.example.com")]) }, unreadable],
  ["the empty name is every name", { intermediate: constrained([], [dns("")]) }, notAllowed],
  [
    "a wildcard lies where its domain does",
    { intermediate: constrained([dns("example.com")]), leaf: names(dns("example.com"), dns("*.example.com")) },
    good,
  ],
  [
    "a wildcard that covers more than is permitted does not",
    {
      intermediate: constrained([dns("example.com"), dns("www.example.org")]),
      leaf: names(dns("example.com"), dns("*.example.org")),
    },
    notAllowed,
  ],
  [
    "a wildcard that covers what is excluded neither",
    { intermediate: constrained([], [dns("www.example.org")]), leaf: names(dns("example.com"), dns("*.example.org")) },
    notAllowed,
  ],
  ["the mask of an address is one of CIDR", { intermediate: constrained([ip(192, 0, 2, 0, 255, 0, 255, 0)]) }, unreadable],
  ["and as long as the address", { intermediate: constrained([ip(192, 0, 2, 0, 255)]) }, unreadable],
  [
    "an address lies in its network",
    { intermediate: constrained([ip(192, 0, 2, 0, 255, 255, 255, 0)]), leaf: names(dns("example.com"), ip(192, 0, 2, 77)) },
    good,
  ],
  [
    "and not beside it",
    { intermediate: constrained([ip(192, 0, 2, 0, 255, 255, 255, 0)]), leaf: names(dns("example.com"), ip(192, 0, 3, 77)) },
    notAllowed,
  ],
  [
    "version 6 is not permitted by version 4",
    {
      intermediate: constrained([ip(0, 0, 0, 0, 0, 0, 0, 0)]),
      leaf: names(dns("example.com"), ip(...Array<number>(16).fill(1))),
    },
    notAllowed,
  ],
  [
    "an excluded address",
    {
      intermediate: constrained([], [ip(192, 0, 2, 77, 255, 255, 255, 255)]),
      leaf: names(dns("example.com"), ip(192, 0, 2, 77)),
    },
    notAllowed,
  ],
  [
    "a mail address of the host",
    { intermediate: constrained([email("example.com")]), leaf: names(dns("example.com"), email("a@example.com")) },
    good,
  ],
  [
    "of a host below it is another",
    { intermediate: constrained([email("example.com")]), leaf: names(dns("example.com"), email("a@www.example.com")) },
    notAllowed,
  ],
  [
    "which a leading dot means",
    { intermediate: constrained([email(".example.com")]), leaf: names(dns("example.com"), email("a@www.example.com")) },
    good,
  ],
  [
    "a mailbox is that mailbox, its local part letter by letter",
    { intermediate: constrained([email("a@example.com")]), leaf: names(dns("example.com"), email("A@example.com")) },
    notAllowed,
  ],
  [
    "its host in any case",
    { intermediate: constrained([email("a@example.com")]), leaf: names(dns("example.com"), email("a@EXAMPLE.com")) },
    good,
  ],
  [
    "a mail address in the subject counts where there is no other",
    { intermediate: constrained([email("example.org")]), leaf: { subject: name(["emailAddress", "a@example.com", 22]) } },
    notAllowed,
  ],
  [
    "a mail address that is none can't be compared",
    { intermediate: constrained([email("example.com")]), leaf: names(dns("example.com"), email("a@b@example.com")) },
    notAllowed,
  ],
  [
    "a URI by its host",
    { intermediate: constrained([uri("example.com")]), leaf: names(dns("example.com"), uri("https://example.com:1/x")) },
    good,
  ],
  [
    "a URI of a host below it is another",
    { intermediate: constrained([uri("example.com")]), leaf: names(dns("example.com"), uri("https://www.example.com/")) },
    notAllowed,
  ],
  [
    "which a leading dot means",
    { intermediate: constrained([uri(".example.com")]), leaf: names(dns("example.com"), uri("https://www.example.com/")) },
    good,
  ],
  [
    "a URI with an address for a host is refused",
    { intermediate: constrained([], [uri("example.org")]), leaf: names(dns("example.com"), uri("https://192.0.2.1/")) },
    notAllowed,
  ],
  [
    "a URI without a host too",
    { intermediate: constrained([], [uri("example.org")]), leaf: names(dns("example.com"), uri("urn:x:y")) },
    notAllowed,
  ],
  [
    "a directory name below the permitted one",
    {
      intermediate: constrained([directory(name(["O", "Example"]))]),
      leaf: { subject: name(["O", "example"], ["CN", "example.com"]) },
    },
    good,
  ],
  ["a subject elsewhere is refused", { intermediate: constrained([directory(name(["O", "Example"]))]) }, notAllowed],
  [
    "an alternative name elsewhere too",
    {
      intermediate: constrained([directory(name(["CN", "example.com"]))]),
      leaf: names(dns("example.com"), directory(name(["CN", "x"]))),
    },
    notAllowed,
  ],
  ["an excluded subject", { intermediate: constrained([], [directory(name(["CN", "example.com"]))]) }, notAllowed],
  [
    "an empty subject is in nobody's tree",
    {
      intermediate: constrained([directory(name(["O", "Example"]))]),
      leaf: { subject: sequence(), extensions: { [ids.san]: san([dns("example.com")], true) } },
    },
    good,
  ],
  [
    "a form that nobody compares is refused where it is excluded",
    { intermediate: constrained([], [otherName()]), leaf: names(dns("example.com"), otherName()) },
    notAllowed,
  ],
  [
    "and where it is permitted",
    { intermediate: constrained([otherName()]), leaf: names(dns("example.com"), otherName()) },
    notAllowed,
  ],
  ["and harms nobody who has none", { intermediate: constrained([otherName()], [otherName()]) }, good],
  [
    "a minimum is never written",
    { intermediate: set(ids.nc, extension(ids.nc, true, sequence(explicit(0, sequence(dns("example.com"), implicit(0, [1])))))) },
    unreadable,
  ],
  [
    "nor a maximum",
    { intermediate: set(ids.nc, extension(ids.nc, true, sequence(explicit(0, sequence(dns("example.com"), implicit(1, [1])))))) },
    unreadable,
  ],
  [
    "narrow each other along the path",
    {
      root: constrained([dns("com")]),
      intermediate: constrained([dns("org")]),
      leaf: names(dns("example.com"), dns("example.org")),
    },
    notAllowed,
  ],
  [
    "hold for intermediates too",
    { root: constrained([dns("example.com")]), intermediate: names(dns("ca.example.org")) },
    notAllowed,
  ],
]);

const constraints = (isCritical: boolean): Change => set(ids.pc, extension(ids.pc, isCritical, sequence(implicit(1, [0]))));
const inhibit = (isCritical: boolean): Change => set(ids.inhibitAny, extension(ids.inhibitAny, isCritical, integer(0)));
rules("policy constraints (§4.2.1.11) and inhibitAnyPolicy (§4.2.1.14)", [
  ["policy constraints are critical", { intermediate: constraints(true) }, good],
  ["and never not", { intermediate: constraints(false) }, form],
  ["in a root either", { root: constraints(false) }, form],
  ["constrain something", { intermediate: set(ids.pc, extension(ids.pc, true, sequence())) }, unreadable],
  ["inhibitAnyPolicy is critical", { intermediate: inhibit(true) }, good],
  ["and never not", { intermediate: inhibit(false) }, form],
]);

rules("extended key usage (§4.2.1.12, BR §7.1.2.7.10, §7.1.2.1.2)", [
  ["a server has one", { leaf: set(ids.eku, undefined) }, form, good],
  ["a client needs none", { purpose: "client", leaf: set(ids.eku, undefined) }, good],
  ["it is the server's", { leaf: set(ids.eku, eku([purposes.client])) }, "unsupported_certificate: wrong-purpose"],
  [
    "and the client's",
    { purpose: "client", leaf: set(ids.eku, eku([purposes.server])) },
    "unsupported_certificate: wrong-purpose",
  ],
  ["may be both", { leaf: set(ids.eku, eku([purposes.server, purposes.client])) }, good],
  ["is not critical", { leaf: set(ids.eku, eku([purposes.server], true)) }, form, good],
  ["is not any", { leaf: set(ids.eku, eku(["2.5.29.37.0"])) }, "unsupported_certificate: wrong-purpose", good],
  ["nor any beside it", { leaf: set(ids.eku, eku(["2.5.29.37.0", purposes.server])) }, form, good],
  ["nor anything that BR forbids", { leaf: set(ids.eku, eku([purposes.server, purposes.mail])) }, form, good],
  ["something unknown beside it is nobody's harm", { leaf: set(ids.eku, eku([purposes.server, "1.3.6.1.4.1.99999.2"])) }, good],
  ["is not an empty list", { leaf: set(ids.eku, eku([])) }, malformed],
  ["an intermediate needs none", { intermediate: set(ids.eku, undefined) }, good],
  ["one that has any has this", { intermediate: set(ids.eku, eku([purposes.client])) }, "unsupported_certificate: wrong-purpose"],
  ["or any", { intermediate: set(ids.eku, eku(["2.5.29.37.0"])) }, good],
  ["a root has none", { root: set(ids.eku, eku([purposes.server])) }, form, good],
  [
    "and one for something else is none at all",
    { root: set(ids.eku, eku([purposes.mail])) },
    "unsupported_certificate: wrong-purpose",
  ],
]);

const access = (isCritical: boolean, ...list: readonly ReturnType<typeof dns>[]): Change =>
  set(ids.aia, extension(ids.aia, isCritical, sequence(...list)));
const issuers = sequence(oid("1.3.6.1.5.5.7.48.2"), uri("http://ca.example/ca.der"));
rules("authority and subject information access (§4.2.2)", [
  ["is not critical", { leaf: access(true, issuers) }, form],
  ["is a list of places", { leaf: access(false, issuers) }, good],
  ["that is not empty", { leaf: access(false) }, malformed],
  ["of method and place", { leaf: access(false, sequence(oid("1.3.6.1.5.5.7.48.2"))) }, malformed],
  ["nor is the subject's critical", { intermediate: set(ids.sia, extension(ids.sia, true, sequence(issuers))) }, form],
]);

describe("a root that another authority certified", () => {
  const other = newKeys();
  const judgeWith = (change: Change): string => judge({ root: { issuer: name(["CN", "Other"]), ...change } }, "web-pki");

  test("names that authority's key (§4.2.1.1)", () => {
    expect(judgeWith({ signer: other.privateKey, extensions: { [ids.aki]: aki(other) } })).toBe(good);
    expect(judgeWith({ signer: other.privateKey })).toBe(form);
  });
  test("is self-signed, and names nobody, if its own key signed it, whatever its issuer is called", () => {
    expect(judgeWith({})).toBe(good);
  });
});

test("the support makes what it says: a leaf of another key is another certificate of the same form", () => {
  expect(judge({ leaf: { publicKey: spki(newKeys()), innerAlgorithm: ecdsaSha256 } }, "web-pki")).toBe(good);
});
