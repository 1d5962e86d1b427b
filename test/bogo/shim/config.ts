// What the runner's flags mean for a config of ours.
import { readFileSync } from "node:fs";
import {
  type AsyncCredentialPicker,
  type CertificateType,
  clientConfig,
  type ClientConfig,
  type ClientHello,
  type ClientSessionStore,
  type CommonOptions,
  ConfigError,
  type Credential,
  type CredentialPicker,
  type CredentialRequest,
  type CryptoProvider,
  dangerousAssertVerified,
  type DistrustReason,
  type NamedGroup,
  type PresentedIdentity,
  type ProtocolVersion,
  rawPublicKey,
  type ServerConfig,
  serverConfig,
  type ServerSessions,
  type SignatureScheme,
  type Signer,
  type StapleKind,
  type SyncServerSessionStore,
  type SyncSigner,
  type SyncVerifier,
  type TicketKeys,
  type VerifiedIdentity,
  type Verifier,
} from "@sallyport/core";
import { credential as readCredential, parseCertificate } from "@sallyport/x509";
import { chooseCredential } from "../../../packages/core/src/handshake/client/choose-credential.ts";
import { groupIds, schemeIds, suiteIds, versionIds } from "../../../packages/core/src/wire/registry.ts";
import { compressorsOf } from "./compression.ts";
import type { Crypto } from "./crypto.ts";
import { type Credential as CredentialFlags, type Flags, Unimplemented } from "./flags.ts";
import { keeping, policyOf } from "./policies.ts";
import { psksOf } from "./psk.ts";
import { waiting } from "./waiting.ts";

/** What lives through all connections of a test. */
export interface Shared extends Crypto {
  readonly now: () => number;
  readonly clientSessions: ClientSessionStore;
  readonly sealedSessions: TicketKeys;
  readonly keptSessions: SyncServerSessionStore;
}

/** What a connection is found to have done, for the expectations. */
export interface Witness {
  /** Of -new-*-credential; -1: the default one. */
  selected: number | undefined;
  presented: PresentedIdentity | undefined;
  /** What goes for a client whose early data were rejected. */
  readonly retry: Flags | undefined;
  /** What a server asked a client for. */
  asked: CredentialRequest | undefined;
  /** A server has put a session into its store. */
  kept: boolean;
}

/** Two of them: a client of TLS 1.2 that takes no tickets has its sessions kept, as BoringSSL does beside tickets. */
export function serverConfigOf(flags: Flags, shared: Shared, witness: Witness): (hello: ClientHello) => ServerConfig {
  const { sealedSessions, keptSessions } = shared;
  return possible(versionsOf(flags), (versions) => {
    const make = (sessions: ServerSessions | undefined): ServerConfig =>
      serverConfigFor(versions, sessions, flags, shared, witness);
    const usual = make(flags.has("no-ticket") || flags.has("skip-ticket") ? undefined : sealedSessions);
    return (hello) => {
      const isTls13 = versions.includes("tls1.3") && hello.versions.some(({ id }) => id === versionIds["tls1.3"]);
      const takesTickets = hello.extensions.some(({ type }) => type.name === "session_ticket") && !flags.has("no-ticket");
      return isTls13 || takesTickets ? usual : make(watched(keptSessions, flags, witness));
    };
  });
}

function watched(store: SyncServerSessionStore, flags: Flags, witness: Witness): ServerSessions {
  const watching: SyncServerSessionStore = {
    find: store.find,
    put: (id, session) => {
      witness.kept = true;
      store.put(id, session);
    },
  };
  return flags.has("async") ? waiting.serverSessions(watching) : watching;
}

export function clientConfigOf(flags: Flags, shared: Shared, witness: Witness): ClientConfig {
  return possible(versionsOf(flags), (versions) => clientConfigFor(versions, flags, shared, witness));
}

/** A version for which a config can have nothing that works is left out, as the error says. */
function possible<Config>(versions: readonly ProtocolVersion[], make: (versions: readonly ProtocolVersion[]) => Config): Config {
  try {
    return make(versions);
  } catch (thrown) {
    const problems = thrown instanceof ConfigError ? thrown.problems : [];
    const left = versions.filter((version) => !problems.some(({ problem }) => problem.includes(version)));
    if (left.length === 0 || left.length === versions.length) throw thrown;
    return make(left);
  }
}

function serverConfigFor(
  versions: readonly ProtocolVersion[],
  sessions: ServerSessions | undefined,
  flags: Flags,
  shared: Shared,
  witness: Witness,
): ServerConfig {
  const [first, ...others] = credentialsOf(flags, shared, witness);
  const [psk, ...morePsks] = psksOf(flags).map((each) => each.psk);
  const usual = {
    ...common(versions, flags, shared),
    servesAnyName: true,
    // BoringSSL's policy takes the group before others that have a share.
    ...(flags.has("cnsa1-202603") && { groupOrder: ({ common: [first] }: { readonly common: readonly NamedGroup[] }) => first }),
    suiteOrder: ["server-preference", "cipher", "cnsa-202407"].some((name) => flags.has(name)) ? "server" : "client",
    alpn: serverAlpn(flags),
    ...(sessions !== undefined && { sessions }),
    // As many bytes as BoringSSL takes. The runner plays each hello once.
    ...(flags.has("enable-early-data") &&
      sessions !== undefined &&
      versions.includes("tls1.3") && {
        earlyData: { maxBytes: 14336, singleUse: { use: () => "fresh" as const } },
        halfRtt: true,
      }),
  } as const;
  if (first === undefined) {
    if (psk === undefined) throw new Unimplemented("a server without a certificate");
    return serverConfig({ ...usual, versions: ["tls1.3"], psks: [psk, ...morePsks] });
  }
  const required = flags.has("require-any-client-certificate") && !flags.has("verify-peer");
  const asks = flags.has("require-any-client-certificate") || flags.has("verify-peer");
  return serverConfig({
    ...usual,
    credentials: [first, ...others],
    ...(psk !== undefined && { psks: [psk, ...morePsks] }),
    ...(asks && {
      reverifyOnResume: flags.has("reverify-on-resume"),
      clientAuthentication: {
        mode: required ? "required" : "optional",
        verifier: verifierOf(flags, shared, witness),
        authorities: names(flags.text("use-client-ca-list")),
      },
    }),
  });
}

function clientConfigFor(versions: readonly ProtocolVersion[], flags: Flags, shared: Shared, witness: Witness): ClientConfig {
  const named = flags.has("key-shares") ? groupNames(flags.numbers("key-shares")) : undefined;
  const keyShares = flags.has("no-key-shares") ? 0 : named;
  const list = credentialsOf(flags, shared, witness);
  const picking = list.length > 0 || flags.has("available-client-cert-types") ? pickerOf(flags, list, witness) : list;
  const credentials = flags.has("fail-cert-callback") ? failingPicker : picking;
  const usual = {
    ...common(versions, flags, shared),
    alpn: prefixed(flags.text("advertise-alpn") ?? ""),
    sessions: shared.clientSessions,
    earlyData: flags.has("enable-early-data") && versions.includes("tls1.3"),
    reverifyOnResume: flags.has("reverify-on-resume"),
    padding: true,
    grease: flags.has("enable-grease"),
    permuteExtensions: flags.has("permute-extensions"),
    ...(keyShares !== undefined && { keyShares }),
  };
  const [psk, ...morePsks] = psksOf(flags).map((each) => each.psk);
  // BoringSSL's client with PSKs takes no certificate, unless it is told to verify one.
  if (psk !== undefined && !flags.has("verify-peer")) {
    return clientConfig({ ...usual, versions: ["tls1.3"], psks: [psk, ...morePsks] });
  }
  return clientConfig({
    ...usual,
    verifier: verifierOf(flags, shared, witness),
    credentials,
    ...(psk !== undefined && { psks: [psk, ...morePsks] }),
  });
}

/** Chooses as core does of a list, and is waited for, so that the driver can refuse where nothing fits. */
function pickerOf(flags: Flags, list: readonly Credential[], witness: Witness): AsyncCredentialPicker {
  const given = certificateTypes(flags.numbers("available-client-cert-types"));
  return {
    types: given.length > 0 ? given : [...new Set(list.map(({ type }) => type))],
    pickAsync: async (request) => {
      witness.asked = request;
      const fitting = list.filter(
        ({ type, signer }) =>
          request.certificateTypes.includes(type) && signer.schemes.some((scheme) => request.schemes.includes(scheme)),
      );
      return chooseCredential(fitting, request);
    },
  };
}

const failingPicker: CredentialPicker = {
  pick: () => {
    throw new Error(":CERT_CB_ERROR:");
  },
};

function common(versions: readonly ProtocolVersion[], flags: Flags, { provider, now }: Shared): CommonOptions {
  if (versions.length === 0) throw new Unimplemented("TLS 1.1 and older");
  return {
    provider: providerOf(flags, provider, versions),
    now,
    versions,
    ...compressorsOf(flags),
    truncation: flags.has("check-close-notify") ? "strict" : "lenient",
    dangerousExtractSecrets: flags.has("export-traffic-secrets"),
    // BoringSSL counts bytes, 100 KiB of them, and no certificates.
    limits: { certificateMessage: flags.number("max-cert-list") ?? 100 * 1024, certificateChain: 1000 },
  };
}

const protocolVersions = [
  ["tls1.3", 0x0304, "no-tls13"],
  ["tls1.2", 0x0303, "no-tls12"],
] as const;

function versionsOf(flags: Flags): readonly ProtocolVersion[] {
  const least = flags.number("min-version") || 0;
  const most = flags.number("max-version") || 0xffff;
  return protocolVersions.flatMap(([version, id, off]) => (id >= least && id <= most && !flags.has(off) ? [version] : []));
}

/** What a provider lists is what is offered: lists of the command line are a provider that has so much. */
function providerOf(flags: Flags, every: CryptoProvider, versions: readonly ProtocolVersion[]): CryptoProvider {
  const provider = keeping(policyOf(flags), every);
  const curves = flags.has("curves") ? groupNames(flags.numbers("curves")) : undefined;
  const preferred = flags.has("verify-prefs") ? schemeNames(flags.numbers("verify-prefs")) : undefined;
  const suites = provider.suites
    .filter(({ name }) => allows(flags, name, versions))
    .sort((one, other) => rank(flags, one.name) - rank(flags, other.name));
  const groups = curves === undefined ? provider.groups : sortedBy(provider.groups, curves, ({ name }) => name);
  const verifications =
    preferred === undefined ? provider.verifications : sortedBy(provider.verifications, preferred, ({ scheme }) => scheme);
  const isBare = suites.length === 0 || groups.length === 0 || verifications.length === 0;
  if (isBare) throw new Unimplemented("none of what is asked for");
  const chosen = { ...provider, suites, groups, verifications };
  return flags.has("async") ? waiting.provider(chosen) : chosen;
}

function sortedBy<T>(list: readonly T[], names: readonly string[], nameOf: (each: T) => string): readonly T[] {
  return names.flatMap((name) => list.filter((each) => nameOf(each) === name));
}

/** OpenSSL's cipher strings, as far as the runner uses them; they speak of TLS 1.2 alone. */
function allows(flags: Flags, suite: string, versions: readonly ProtocolVersion[]): boolean {
  const isTls13 = !suite.includes("_WITH_");
  if (!versions.includes(isTls13 ? "tls1.3" : "tls1.2")) return false;
  const given = flags.text("cipher");
  if (given === undefined || isTls13) return true;
  let allowed = false;
  for (const word of given.replaceAll(/[[\]]/g, "").split(/[:|]/)) {
    if (word.startsWith("!") && has(suite, word.slice(1))) return false;
    if (has(suite, word)) allowed = true;
  }
  return allowed;
}
/** In the order of the string. */
function rank(flags: Flags, suite: string): number {
  return (flags.text("cipher") ?? "")
    .replaceAll(/[[\]]/g, "")
    .split(/[:|]/)
    .findIndex((word) => has(suite, word));
}
function has(suite: string, word: string): boolean {
  const openssl = suite
    .replace("TLS_", "")
    .replace("_WITH", "")
    .replace(/AES_(\d+)/, "AES$1")
    .replaceAll("_", "-")
    .replace("POLY1305-SHA256", "POLY1305");
  if (word === "ALL" || word === "DEFAULT" || word === suite || word === openssl) return true;
  const parts: Readonly<Record<string, RegExp>> = { AES: /AES/, AES128: /AES_128/, AES256: /AES_256/, CHACHA20: /CHACHA20/ };
  return parts[word]?.test(suite) ?? false;
}

function groupNames(ids: readonly number[]): readonly NamedGroup[] {
  return namesOf(groupIds, ids, "group");
}
/** What is asked for beyond ours is not offered: SHA-1 above all. */
function schemeNames(ids: readonly number[]): readonly SignatureScheme[] {
  return ids.flatMap((id) => (Object.keys(schemeIds) as SignatureScheme[]).filter((name) => schemeIds[name] === id));
}
function namesOf<Name extends string>(
  registry: Readonly<Record<Name, number>>,
  ids: readonly number[],
  what: string,
): readonly Name[] {
  return ids.map((id) => {
    // The keys of a registry are its names.
    const name = (Object.keys(registry) as Name[]).find((each) => registry[each] === id);
    if (name === undefined) throw new Unimplemented(`${what} ${id}`);
    return name;
  });
}

export function suiteId(name: keyof typeof suiteIds): number {
  return suiteIds[name];
}

/** BoringSSL's default credential comes behind all others. */
function credentialsOf(flags: Flags, shared: Shared, witness: Witness): Credential[] {
  const own: CredentialFlags[] = [...flags.credentials, ...(flags.has("key-file") ? [{ kind: "default", flags } as const] : [])];
  const credentials = own.flatMap(({ kind, flags: its }, at) => {
    if (kind === "psk") return [];
    const used = (): void => {
      witness.selected = kind === "default" ? -1 : at;
    };
    return [kind === "rpk" ? rawPublicKey(signerOf(its, flags, shared, used)) : credentialOf(its, flags, shared, used)];
  });
  // A raw key says of itself which names it answers to: the certificates' here, so that none is passed over for its name.
  const names = credentials.flatMap((credential) => credential.names);
  return credentials.map((credential) => (credential.type === "raw-public-key" ? { ...credential, names } : credential));
}

/** @param used is told when it signs. */
function signerOf(own: Flags, flags: Flags, { signer }: Shared, used: () => void): Signer {
  const ours = signer(readFileSync(own.text("key-file") ?? "", "utf8"));
  const preferred = own.has("signing-prefs") ? schemeNames(own.numbers("signing-prefs")) : ours.schemes;
  const { schemes: allowed = ours.schemes } = policyOf(flags) ?? {};
  const known = preferred.filter((scheme) => ours.schemes.includes(scheme));
  if (known.length === 0) throw new Unimplemented("none of the signature schemes");
  // A key that the policy forbids leaves a signer with none, whose config is refused.
  const schemes = known.filter((scheme) => allowed.includes(scheme));
  const watched: SyncSigner = {
    schemes,
    publicKey: ours.publicKey,
    sign: (scheme, message) => {
      used();
      return ours.sign(scheme, message);
    },
  };
  return flags.has("async") ? waiting.signer(watched) : watched;
}

function credentialOf(own: Flags, flags: Flags, shared: Shared, used: () => void): Credential {
  const ocspResponse = flags.has("decline-ocsp-callback") ? undefined : own.bytes("ocsp-response");
  const timestamps = own.bytes("signed-cert-timestamps");
  return {
    ...readCredential({
      chain: readFileSync(own.text("cert-file") ?? "", "utf8"),
      signer: signerOf(own, flags, shared, used),
      ...(ocspResponse !== undefined && { ocspResponse }),
      ...(timestamps !== undefined && { signedCertificateTimestamps: listed(timestamps) }),
    }),
    onlyForItsIssuers: own.has("must-match-issuer"),
  };
}

/** SignedCertificateTimestampList (RFC 6962 §3.3). */
function listed(list: Uint8Array): readonly Uint8Array[] {
  const view = Buffer.from(list);
  const entries: Uint8Array[] = [];
  for (let at = 2; at < view.length; ) {
    const length = view.readUInt16BE(at);
    entries.push(Uint8Array.from(view.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return entries;
}

/** What -expect-signed-cert-timestamps compares. */
export function asList(timestamps: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(timestamps.flatMap((each) => [Buffer.of(each.length >> 8, each.length & 0xff), each]));
  return Uint8Array.from(Buffer.concat([Buffer.of(body.length >> 8, body.length & 0xff), body]));
}

/** The runner's own certificates: all are taken whose key is proven, unless the flags say no. */
function verifierOf(flags: Flags, { provider }: Shared, witness: Witness): Verifier {
  const asksFor: StapleKind[] = [];
  // BoringSSL asks no client for any.
  if (flags.has("enable-ocsp-stapling") && !flags.has("server")) asksFor.push("ocsp");
  if (flags.has("enable-signed-cert-timestamps") && !flags.has("server")) asksFor.push("sct");
  const verifier: SyncVerifier = {
    schemes: provider.verifications.map(({ scheme }) => scheme),
    label: "bogo",
    asksFor,
    ...(flags.has("accepted-peer-cert-types") && { types: certificateTypes(flags.numbers("accepted-peer-cert-types")) }),
    verify: (presented) => {
      // A client that has judged already has sent early data, which were rejected.
      const its = witness.presented === undefined ? flags : (witness.retry ?? flags);
      witness.presented = presented;
      return verdict(its, presented);
    },
  };
  return flags.has("async") ? waiting.verifier(verifier) : verifier;
}

function verdict(flags: Flags, presented: PresentedIdentity): VerifiedIdentity | DistrustReason {
  // BoringSSL's client that does not insist goes on all the same, but for a raw key.
  const insists = flags.has("verify-peer") || flags.has("require-any-client-certificate") || presented.type === "raw-public-key";
  if (flags.has("verify-fail") && insists) {
    const reason = ":CERTIFICATE_VERIFY_FAILED:";
    return flags.has("use-custom-verify-callback") ? { reason } : { reason, alert: "handshake_failure" };
  }
  if (presented.type === "x509" && !maySign(presented.chain[0])) {
    return { reason: ":KEY_USAGE_BIT_INCORRECT:", alert: "unsupported_certificate" };
  }
  if (flags.has("use-ocsp-callback") && flags.has("fail-ocsp-callback") && presented.role === "server") {
    return { reason: ":OCSP_CB_ERROR:", alert: "bad_certificate_status_response" };
  }
  return dangerousAssertVerified(presented);
}

/** RFC 9846 §4.5.1.2: the digitalSignature bit must be set if there are any. */
function maySign(leaf: Uint8Array): boolean {
  return parseCertificate(leaf).extensions.keyUsage?.value.has("digitalSignature") !== false;
}

/** IANA's numbers; an order of preference. */
function certificateTypes(ids: readonly number[]): readonly CertificateType[] {
  return ids.map((id) => {
    const type = (
      [
        ["x509", 0],
        ["raw-public-key", 2],
      ] as const
    ).find(([, number]) => number === id);
    if (type === undefined) throw new Unimplemented(`certificate type ${id}`);
    return type[0];
  });
}

/** Our list, from which the machine selects as BoringSSL's callback would. */
function serverAlpn(flags: Flags): readonly string[] {
  if (flags.has("reject-alpn")) return ["\u0000nothing that anyone speaks"];
  const selected = flags.text("select-alpn");
  return selected === undefined || selected === "" || flags.has("decline-alpn") ? [] : [selected];
}

/** Strings with a length before each. */
function prefixed(list: string): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < list.length; at += 1 + list.charCodeAt(at)) names.push(list.slice(at + 1, at + 1 + list.charCodeAt(at)));
  return names;
}

/** Hex with commas; `<EMPTY>` and `<NULL>` are both none. */
export function names(list: string | undefined): readonly Uint8Array[] {
  if (list === undefined || list.startsWith("<")) return [];
  return list.split(",").map((name) => Uint8Array.from(Buffer.from(name, "hex")));
}
