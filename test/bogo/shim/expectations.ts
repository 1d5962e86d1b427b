// The -expect-* flags: what the machine says of a connection against what the runner meant it to become.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ClientHello, ConnectionEvent, Info } from "@sallyport/core";
import { parsePem } from "@sallyport/x509";
import { groupIds, schemeIds, suiteIds, versionIds } from "../../../packages/core/src/wire/registry.ts";
import { asList, type Witness } from "./config.ts";
import type { Flags } from "./flags.ts";
import { psksOf } from "./psk.ts";

/** The shim's own finding: the connection is not what it should be. */
export class Unexpected extends Error {
  override readonly name = "Unexpected";
}

export function unexpected(words: string): never {
  throw new Unexpected(words);
}

export function checkHello(hello: ClientHello, flags: Flags): void {
  if (flags.has("expect-no-server-name")) same("server name", hello.serverName, undefined);
  const name = flags.text("expect-server-name");
  if (name !== undefined) same("server name", hello.serverName, name);
  checkSchemes(
    hello.signatureSchemes?.map(({ id }) => id),
    flags,
  );
  const alpn = flags.text("expect-advertised-alpn");
  const prefixed = hello.alpn.map((each) => String.fromCharCode(each.length) + each);
  if (alpn !== undefined) same("advertised ALPN", prefixed.join(""), alpn);
}

function checkSchemes(got: readonly number[] | undefined, flags: Flags): void {
  const wanted = flags.numbers("expect-peer-verify-pref");
  if (wanted.length > 0) same("peer's schemes", got?.join(), wanted.join());
}

/** @param isResume not the first connection of the test. */
export function checkHandshake(info: Info, flags: Flags, isResume: boolean, witness: Witness): void {
  const isServer = flags.has("server");
  expectNumber("version", versionIds[info.version], flags, "expect-version");
  expectNumber("cipher", suiteIds[info.suite], flags, "expect-cipher");
  // The runner's machine and ours have AES in hardware.
  expectNumber("cipher", suiteIds[info.suite], flags, "expect-cipher-aes");
  if (info.group !== undefined) expectNumber("group", groupIds[info.group], flags, "expect-curve-id");
  const resumed = info.handshakeKind.startsWith("resumed");
  same("resumption", resumed, isResume && !flags.has("expect-session-miss"));
  const retried = info.handshakeKind.endsWith("retry");
  if (flags.has("expect-hrr")) same("HelloRetryRequest", retried, true);
  if (flags.has("expect-no-hrr")) same("HelloRetryRequest", retried, false);
  same("ALPN", info.alpn ?? "", flags.text(isServer ? "select-alpn" : "expect-alpn") ?? "");
  if (flags.has("expect-extended-master-secret")) same("extended master secret", info.extendedMasterSecret, true);
  const scheme = info.peerSignatureScheme;
  if (scheme !== undefined || !resumed) {
    expectNumber("peer's scheme", scheme === undefined ? 0 : schemeIds[scheme], flags, "expect-peer-signature-algorithm");
  }
  expectNumber("selected credential", selectedPsk(info, flags) ?? witness.selected ?? -1, flags, "expect-selected-credential");
  if (!isServer)
    checkSchemes(
      witness.asked?.schemes.map((each) => schemeIds[each]),
      flags,
    );
  checkPeer(info, flags, isServer);
  checkStaples(info, flags);
}

/** Its place among the credentials. */
function selectedPsk({ psk }: Info, flags: Flags): number | undefined {
  return psksOf(flags).find((each) => hex(each.psk.identity) === hex(psk?.identity))?.at;
}

function checkPeer({ peer, psk }: Info, flags: Flags, isServer: boolean): void {
  const presented = peer?.presented;
  const type = flags.number("expect-peer-certificate-type");
  if (type !== undefined) same("peer's certificate type", presented?.type === "raw-public-key" ? 2 : 0, type);
  const digest = flags.bytes("expect-peer-rpk-sha256");
  if (digest !== undefined) {
    const key = presented?.type === "raw-public-key" ? presented.chain[0] : new Uint8Array();
    return same("peer's raw key", createHash("sha256").update(key).digest("hex"), hex(digest));
  }
  if (flags.has("expect-no-peer-cert") || psk !== undefined) same("peer certificate", presented, undefined);
  else if (!isServer || flags.has("require-any-client-certificate")) same("peer certificate", presented !== undefined, true);
  const file = flags.text("expect-peer-cert-file");
  if (file !== undefined) {
    const wanted = parsePem(readFileSync(file, "utf8")).map(({ der }) => hex(der));
    same("peer certificate", presented?.chain.map(hex).join(), wanted.join());
  }
}

function checkStaples({ peer }: Info, flags: Flags): void {
  const presented = peer?.presented;
  const response = flags.bytes("expect-ocsp-response");
  if (response !== undefined) same("OCSP response", hex(presented?.ocspResponse), hex(response));
  const timestamps = flags.bytes("expect-signed-cert-timestamps");
  if (timestamps !== undefined) {
    same("signed certificate timestamps", hex(asList(presented?.signedCertificateTimestamps ?? [])), hex(timestamps));
  }
}

/**
 * A client: in TLS 1.3 there should have been a ticket behind all data, in TLS 1.2 one (or an id) behind a full handshake with
 * extended master secret.
 */
export function checkTickets(
  events: readonly ConnectionEvent[],
  { version, handshakeKind, extendedMasterSecret }: Info,
  flags: Flags,
): void {
  // Nothing is read behind our close; and who goes on elsewhere takes no tickets.
  if (version === "tls1.3" && (flags.has("shim-shuts-down") || flags.has("export-traffic-secrets"))) return;
  const session = events.findLast((event) => event.kind === "new-session")?.session;
  const isNew = !handshakeKind.startsWith("resumed") || flags.has("expect-ticket-renewal");
  const isDue = version === "tls1.3" || (isNew && extendedMasterSecret);
  same("new session", session !== undefined, isDue && !flags.has("expect-no-session"));
  if (session !== undefined) {
    same("early data of the ticket", session.maxEarlyData > 0, flags.has("expect-ticket-supports-early-data"));
  }
}

/** A server, behind its first connection: whether the session was kept, and not sealed. */
export function checkKept({ kept }: Witness, flags: Flags): void {
  if (flags.has("expect-session-id")) same("session kept", kept, true);
  if (flags.has("expect-no-session-id")) same("session kept", kept, false);
}

function expectNumber(what: string, got: number, flags: Flags, flag: string): void {
  const wanted = flags.number(flag);
  // BoringSSL takes 0 for "nothing is expected".
  if (wanted !== undefined && (wanted !== 0 || flag === "expect-selected-credential")) same(what, got, wanted);
}

function same(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) unexpected(`${what}: expected ${String(wanted)}, got ${String(got)}`);
}

function hex(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : Buffer.from(bytes).toString("hex");
}
