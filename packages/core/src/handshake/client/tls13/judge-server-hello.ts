// What is wrong with a ServerHello or HelloRetryRequest (RFC 9846 §4.2.3, §4.2.4), measured by what was offered.
import type { Group, HashImplementation, SuiteImplementation } from "../../../crypto/provider.ts";
import { fail } from "../../../errors.ts";
import { type Bytes, equal } from "../../../wire/bytes.ts";
import { groupIds, registered, spelled, suiteIds, versionIds } from "../../../wire/registry.ts";
import { isDowngradeSentinel, type ServerHello } from "../../../wire/server-hello.ts";
import type { StartedShare } from "../../stages/key-exchange.ts";
import { judgeAnswers } from "../judge-extensions.ts";
import type { OfferedPsk } from "../psks.ts";
import type { Offer } from "../states.ts";
import type { RetryRequest, Settled } from "./states.ts";

/** What both kinds must hold. */
function judgeBasics(
  hello: ServerHello,
  offer: Offer,
): { readonly suite: SuiteImplementation; readonly hash: HashImplementation } {
  judgeVersion(hello, offer);
  if (hello.legacyVersion !== 0x0303) {
    wrong("legacy_version", "TLSv1.2", spelled("version", hello.legacyVersion), "RFC 9846 §4.2.3");
  }
  if (!equal(hello.legacySessionIdEcho, offer.hello.legacySessionId)) {
    wrong("legacy_session_id_echo", "that of the ClientHello", "another", "RFC 9846 §4.2.3");
  }
  if (hello.legacyCompressionMethod !== 0) {
    wrong("legacy_compression_method", "null", `${hello.legacyCompressionMethod}`, "RFC 9846 §4.2.3");
  }
  // All that the config has was offered.
  const { suites, hashes } = offer.goal.settings;
  const suite = suites.find(({ name }) => suiteIds[name] === hello.cipherSuite);
  const hash = suite && hashes.get(suite.hash);
  if (suite === undefined || hash === undefined || hello.cipherSuite >> 8 !== 0x13) {
    wrong("cipher_suite", "a TLS 1.3 suite that was offered", spelled("suite", hello.cipherSuite), "RFC 9846 §4.2.3");
  }
  judgeAnswers("server_hello", hello.extensions ?? [], offer.hello, hello.isRetryRequest ? retryExtensions : helloExtensions);
  return { suite, hash };
}
const helloExtensions = ["supported_versions", "key_share", "pre_shared_key"] as const;
const retryExtensions = ["supported_versions", "key_share", "cookie"] as const;

/** Whether the server chose TLS 1.2, and we speak it (RFC 9846 §4.3.1). */
export function isTls12({ selectedVersion, legacyVersion, isRetryRequest }: ServerHello, { goal }: Offer): boolean {
  const says = selectedVersion === undefined && !isRetryRequest && legacyVersion === versionIds["tls1.2"];
  return says && goal.settings.versions.includes("tls1.2");
}

function judgeVersion({ selectedVersion, legacyVersion, random, isRetryRequest }: ServerHello, offer: Offer): void {
  const ours = offer.goal.settings.versions;
  if (legacyVersion <= 0x0300) {
    fail("unsupported-version", { theirs: registered("version", legacyVersion), ours }, "RFC 9846, Appendix E.5");
  }
  if (selectedVersion === versionIds["tls1.3"] && ours.includes("tls1.3")) return;
  if (selectedVersion !== undefined) {
    wrong("supported_versions", "TLSv1.3, which was offered", spelled("version", selectedVersion), "RFC 9846 §4.3.1");
  }
  if (isRetryRequest) fail("missing-extension", { message: "server_hello", extension: "supported_versions" }, "RFC 9846 §4.2.4");
  if (isDowngradeSentinel(random)) {
    wrong("random", "no sign of a downgrade", "the sentinel of a server that speaks TLS 1.3", "RFC 9846 §4.2.3");
  }
  fail("unsupported-version", { theirs: registered("version", legacyVersion), ours }, "RFC 9846, Appendix E.1");
}

export function judgeRetryRequest(hello: ServerHello, offer: Offer): RetryRequest {
  const { suite, hash } = judgeBasics(hello, offer);
  const { selectedGroup, cookie } = hello;
  if (selectedGroup === undefined && cookie === undefined) {
    wrong("extensions", "a change of the ClientHello", "none", "RFC 9846 §4.2.4");
  }
  if (selectedGroup === undefined) return { suite, hash, group: undefined, cookie };
  const group = offeredGroup(selectedGroup, offer);
  if (group === undefined) {
    wrong("selected_group", "a group that was offered", spelled("group", selectedGroup), "RFC 9846 §4.3.8");
  }
  if (offer.shares.some((share) => share.group === group.name)) {
    wrong("selected_group", "a group without a share", group.name, "RFC 9846 §4.3.8");
  }
  return { suite, hash, group, cookie };
}

/** What ServerHello settles, and whose share meets ours. */
export function judgeServerHello(
  hello: ServerHello,
  offer: Offer,
  request: RetryRequest | undefined,
): { readonly settled: Settled; readonly started: StartedShare; readonly peerShare: Bytes } {
  const { suite, hash } = judgeBasics(hello, offer);
  if (request !== undefined && suite !== request.suite) {
    wrong("cipher_suite", `${request.suite.name}, as in HelloRetryRequest`, suite.name, "RFC 9846 §4.2.4");
  }
  const { keyShare, selectedIdentity } = hello;
  if (keyShare === undefined && selectedIdentity !== undefined) {
    // We offer psk_dhe_ke alone.
    wrong("extensions", "a key_share beside pre_shared_key", "none", "RFC 9846 §4.3.11");
  }
  if (keyShare === undefined) fail("missing-extension", { message: "server_hello", extension: "key_share" }, "RFC 9846 §9.2");
  const group = offeredGroup(keyShare.group, offer);
  const started = offer.shares.find((share) => share.group === group?.name);
  if (group === undefined || started === undefined) {
    wrong("key_share", "a group whose share was sent", spelled("group", keyShare.group), "RFC 9846 §4.3.8");
  }
  if (keyShare.keyExchange.length !== group.shareLength.server) {
    wrong(
      "key_share",
      `${group.shareLength.server} bytes for ${group.name}`,
      `${keyShare.keyExchange.length}`,
      "RFC 9846 §4.3.8.2",
    );
  }
  const psk = judgeSelectedIdentity(hello, hash, offer);
  return {
    settled: { offer, suite, hash, group, retried: request !== undefined, psk },
    started,
    peerShare: keyShare.keyExchange,
  };
}

/** §4.3.11: an identity that was offered, with its hash. */
function judgeSelectedIdentity(
  { selectedIdentity }: ServerHello,
  hash: HashImplementation,
  { goal, psks }: Offer,
): OfferedPsk | undefined {
  if (selectedIdentity === undefined) {
    if (!goal.settings.pskOnly) return undefined;
    // We asked for no certificate: signature_algorithms was not there (§4.3.3).
    return fail("missing-extension", { message: "server_hello", extension: "pre_shared_key" }, "RFC 9846 §4.3.11");
  }
  const psk = psks[selectedIdentity];
  if (psk === undefined) {
    wrong("selected_identity", `below ${psks.length}, as many were offered`, `${selectedIdentity}`, "RFC 9846 §4.3.11");
  }
  if (psk.hash !== hash) wrong("cipher_suite", "a suite with the hash of the PSK", "another", "RFC 9846 §4.3.11");
  return psk;
}

function offeredGroup(id: number, offer: Offer): Group | undefined {
  return offer.goal.settings.groups.find(({ name }) => groupIds[name] === id);
}

function wrong(field: string, expected: string, received: string, section: string): never {
  fail("illegal-parameter", { message: "server_hello", field, expected, received }, section);
}
