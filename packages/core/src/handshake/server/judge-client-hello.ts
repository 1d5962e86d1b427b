// What is wrong with a ClientHello that decodes (RFC 9846 §4.2.2, §4.3). Whether it fits a config is `negotiate`'s.
import type { ServerSettings } from "../../config/settings.ts";
import { fail } from "../../errors.ts";
import { judgeSizeLimit } from "../../record/size-limit.ts";
import { type Bytes, equal, hex } from "../../wire/bytes.ts";
import type { DecodedClientHello } from "../../wire/client-hello.ts";
import type { KeyShareEntry } from "../../wire/extensions.ts";
import { certificateTypeIds, extensionIds, groupIds, type NamedGroup } from "../../wire/registry.ts";
import type { AgreedPsk } from "./states.ts";

/** What no version allows. */
export function judgeServerName({ hostNames }: DecodedClientHello): void {
  if (hostNames.length > 1) wrong("server_name", "one host_name", `${hostNames.length}`, "RFC 6066 §3");
  const odd = hostNames.find((name) => !/^[\x21-\x7e]{1,255}$/.test(name));
  if (odd !== undefined) wrong("host_name", "an ASCII name", JSON.stringify(odd), "RFC 6066 §3");
}

/** RFC 7250 §3, §4.1: a list holds something, and says more than what it means to say nothing. */
export function judgeCertificateTypes({ clientCertificateTypes, serverCertificateTypes }: DecodedClientHello): void {
  const lists = { client_certificate_type: clientCertificateTypes, server_certificate_type: serverCertificateTypes };
  for (const [field, types] of Object.entries(lists)) {
    if (types?.every(({ id }) => id === certificateTypeIds.x509)) {
      wrong(field, "another type than X.509", types.length === 0 ? "none" : "X.509 alone", "RFC 7250 §3, §4.1");
    }
  }
}

/** RFC 8449 §4, in either version. */
export function judgeRecordSizeLimit({ recordSizeLimit }: DecodedClientHello): void {
  judgeSizeLimit("client_hello", recordSizeLimit, "any");
}

/** What TLS 1.3 asks of every first hello. */
export function judgeClientHello(hello: DecodedClientHello): void {
  const { compressionMethods, keyShares, groups, extensions } = hello;
  if (compressionMethods.length !== 1 || compressionMethods[0] !== 0) {
    wrong("legacy_compression_methods", "null alone", compressionMethods.join(", "), "RFC 9846 §4.2.2");
  }
  const seen = new Set<number>();
  // A hello has room for thousands of both.
  const known = groups && new Set(groups.map(({ id }) => id));
  for (const { group } of keyShares ?? []) {
    if (seen.has(group)) wrong("key_share", "one share a group", `two of ${group}`, "RFC 9846 §4.3.8");
    seen.add(group);
    if (known?.has(group) === false) {
      wrong("key_share", "groups of supported_groups", `${group}`, "RFC 9846 §4.3.8");
    }
  }
  if (extensions.some(({ type }) => type.id === extensionIds.oid_filters)) {
    wrong("extensions", "those of a ClientHello", "oid_filters", "RFC 9846 §4.3");
  }
  if (hello.cookie !== undefined) wrong("cookie", "none before a HelloRetryRequest", hex(hello.cookie), "RFC 9846 §4.3.2");
  // Without a pre_shared_key an early_data says nothing: a server that takes none must skip what follows all the same (§4.3.10).
  judgePsks(hello);
}

function judgePsks({ psks, pskModes, extensions }: DecodedClientHello): void {
  if (psks === undefined) return;
  if (extensions.at(-1)?.type.id !== extensionIds.pre_shared_key) {
    wrong("pre_shared_key", "the last place", "an extension behind it", "RFC 9846 §4.3.11");
  }
  if (pskModes === undefined) {
    fail("missing-extension", { message: "client_hello", extension: "psk_key_exchange_modes" }, "RFC 9846 §4.3.9");
  }
  if (psks.identities.length !== psks.binders.length) {
    wrong("binders", `${psks.identities.length}`, `${psks.binders.length}`, "RFC 9846 §4.3.11");
  }
}

/** What TLS 1.2 asks of a hello. */
export function judgeClientHelloTls12(hello: DecodedClientHello, { requireExtendedMasterSecret }: ServerSettings): void {
  const { compressionMethods, renegotiatedConnection, pointFormats, groups } = hello;
  if (!compressionMethods.includes(0)) {
    wrong("compression_methods", "null among them", compressionMethods.join(", "), "RFC 5246 §7.4.1.2");
  }
  if (renegotiatedConnection !== undefined && renegotiatedConnection.length > 0) {
    fail("not-a-first-handshake", { message: "client_hello" }, "RFC 5746 §3.6");
  }
  if (groups !== undefined && pointFormats?.includes(0) === false) {
    wrong("ec_point_format_list", "uncompressed among them", pointFormats.join(", "), "RFC 8422 §5.1.2");
  }
  if (requireExtendedMasterSecret && !hello.extendedMasterSecret) {
    fail("extended-master-secret-required", { message: "client_hello", by: "config" }, "RFC 7627 §5.2");
  }
}

/** The share that the client sent for `group`. @throws illegal-parameter, missing-extension */
export function judgeSecondClientHello(
  first: DecodedClientHello,
  second: DecodedClientHello,
  group: NamedGroup,
  cookie: Bytes | undefined,
): Bytes {
  const section = "RFC 9846 §4.2.2";
  const same =
    first.legacyVersion === second.legacyVersion &&
    equal(first.random, second.random) &&
    equal(first.legacySessionId, second.legacySessionId) &&
    list(first.cipherSuites.map(({ id }) => id)) === list(second.cipherSuites.map(({ id }) => id)) &&
    list(first.compressionMethods) === list(second.compressionMethods);
  if (!same) wrong("fixed part", "that of the first ClientHello", "another", section);
  const [before, after] = [unchangeable(first), unchangeable(second)];
  const isKept = ([id, data]: readonly [number, Bytes]): boolean => {
    const now = after.get(id);
    return now !== undefined && equal(data, now);
  };
  const sameExtensions = before.size === after.size && [...before].every(isKept);
  if (!sameExtensions) wrong("extensions", "those of the first ClientHello", "others", section);
  if (second.offersEarlyData) wrong("early_data", "none behind a HelloRetryRequest", "early_data", section);
  if (cookie !== undefined && second.cookie === undefined) {
    fail("missing-extension", { message: "client_hello", extension: "cookie" }, "RFC 9846 §4.3.2");
  }
  if (second.cookie !== undefined && (cookie === undefined || !equal(second.cookie, cookie))) {
    wrong("cookie", cookie === undefined ? "none" : "that of HelloRetryRequest", hex(second.cookie), "RFC 9846 §4.3.2");
  }
  // It may be updated and thinned out; nothing may be added.
  if (!isThinnedOut(first.pskIdentities, second.pskIdentities)) {
    wrong("pre_shared_key", "none but identities of the first ClientHello, in its order", "others", section);
  }
  judgePsks(second);
  if (second.keyShares === undefined) {
    fail("missing-extension", { message: "client_hello", extension: "key_share" }, "RFC 9846 §9.2");
  }
  const [share, ...more] = second.keyShares;
  if (share === undefined || share.group !== groupIds[group] || more.length > 0) {
    wrong(
      "key_share",
      `one share of ${group}`,
      second.keyShares.map(({ group }) => group).join(", ") || "none",
      "RFC 9846 §4.2.4",
    );
  }
  return share.keyExchange;
}

/**
 * Where the PSK stands that is to be used: a client takes out what does not go with the suite, and this one does (§4.2.2).
 * undefined: it was taken out all the same, and a server without certificates does not tell a stranger that it was known.
 */
export function judgeSecondOffer(
  second: DecodedClientHello,
  { psk, isProven }: AgreedPsk,
  { credentials }: Pick<ServerSettings, "credentials">,
): AgreedPsk | undefined {
  const section = "RFC 9846 §4.2.2";
  if (second.psks === undefined) fail("missing-extension", { message: "client_hello", extension: "pre_shared_key" }, section);
  const index = second.pskIdentities.findIndex((identity) => equal(identity, psk.identity));
  if (index >= 0) return { index, psk };
  if (credentials.length === 0 && isProven === undefined) return undefined;
  return wrong("pre_shared_key", "the identity of the first ClientHello that was taken", "others", section);
}

/** @throws illegal-parameter if its length is not that of the group's shares. */
export function judgeShare(share: KeyShareEntry["keyExchange"], name: NamedGroup, length: number): Bytes {
  if (share.length !== length) wrong("key_share", `${length} bytes for ${name}`, `${share.length}`, "RFC 9846 §4.3.8.2");
  return share;
}

function isThinnedOut(all: readonly Bytes[], some: readonly Bytes[]): boolean {
  let met = 0;
  for (const identity of all) {
    const next = some[met];
    if (next !== undefined && equal(next, identity)) met++;
  }
  return met === some.length;
}

/** By type, whatever their order: wolfSSL 5.5 sends them in another one, and means the same. */
function unchangeable(hello: DecodedClientHello): ReadonlyMap<number, Bytes> {
  const kept = hello.extensions.filter(({ type }) => !changeable.has(type.id));
  return new Map(kept.map(({ type, data }) => [type.id, data]));
}
const changeable: ReadonlySet<number> = new Set([
  extensionIds.key_share,
  extensionIds.early_data,
  extensionIds.cookie,
  extensionIds.pre_shared_key,
  extensionIds.padding,
]);

const list = (values: readonly number[]): string => values.join();

function wrong(field: string, expected: string, received: string, section: string): never {
  fail("illegal-parameter", { message: "client_hello", field, expected, received }, section);
}
