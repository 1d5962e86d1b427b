import { isClassical } from "../crypto/hybrid.ts";
import type { Group } from "../crypto/provider.ts";
import type { Bytes } from "../wire/bytes.ts";
import type { TicketRequest } from "../wire/extensions.ts";
import type { CertificateType, NamedGroup, SignatureScheme } from "../wire/registry.ts";
import { compressCertificates } from "./certificate-compression.ts";
import { readOwnCredentials, schemesOfSigners } from "./check-credentials.ts";
import { checkClientEarlyData } from "./check-early-data.ts";
import { suitesGoWithSchemes } from "./check-parameters.ts";
import { forPsksAlone, isPskOnly, type PreparedPsk, readPsks } from "./check-psks.ts";
import { checkClientSessions } from "./check-sessions.ts";
import { checkVerifier } from "./check-verifier.ts";
import { commonOptions, readCommon } from "./common-options.ts";
import type { Credential, CredentialPicker } from "./credential.ts";
import type { Verifier } from "./identity.ts";
import { configId } from "./id.ts";
import { readManners } from "./manners.ts";
import { certificateTypes, groupNames, listOf, readNames, schemeNames } from "./names.ts";
import type { ClientOptions, PskClientOptions } from "./options.ts";
import { signsIn } from "./parameters.ts";
import { isRecord, Problems, rejectUnknownKeys, snapshot } from "./problems.ts";
import { readFlag } from "./read-option.ts";
import type { ClientSettings, CommonSettings } from "./settings.ts";

/**
 * Checks the options, completes them with the defaults, and never looks at them again.
 *
 * @throws ConfigError with every problem and its remedy: what could never work is refused here, and not in each handshake.
 */
export function clientConfig(given: ClientOptions | PskClientOptions): ClientConfig {
  const problems: Problems = new Problems();
  const options = snapshot<GivenOptions>(given, problems);
  rejectUnknownKeys(options, Object.keys(clientOptions), "", problems);
  const pskOnly = isPskOnly(options.psks, options.verifier);
  const versions = options.versions ?? (pskOnly ? ["tls1.3"] : undefined);
  const speaking = { ...options, ...(versions && { versions }) };
  const all = readCommon(speaking, Array.isArray(options.credentials) ? schemesOfSigners(options.credentials) : [], problems);
  const psks = readPsks(options.psks, all, problems);
  checkRoom(psks, problems);
  const common = pskOnly ? forPsksAlone(all, psks, options.suites, problems) : all;
  if (pskOnly) checkNothingToShow(options.credentials, problems);
  else checkVerifications(common, problems);
  if (!pskOnly) checkVerifier(options.verifier, "verifier", common, problems);
  const shared = readKeyShares(options.keyShares, common.groups, problems);
  const credentials = readOwn(options.credentials, listOf(options.schemes) ?? schemeNames, common, problems);
  checkClientSessions(options.sessions, common, problems);
  const reverifyOnResume = readFlag(options.reverifyOnResume, "reverifyOnResume", problems);
  const manners = readManners(options, problems);
  const earlyData = readFlag(options.earlyData, "earlyData", problems);
  checkClientEarlyData(options, common, problems);
  const listed = Array.isArray(credentials) ? credentials : [];
  const compressed = compressCertificates(listed, common.compressors, problems);
  const tickets = readTickets(options.tickets, options.sessions !== undefined, common, problems);
  if (problems.count > 0) problems.refuse();

  const verifier = pskOnly ? undefined : options.verifier;
  // TLS 1.2's share waits for ServerKeyExchange.
  const keyShares = common.versions.includes("tls1.3") ? shared : Object.freeze([]);
  const ownSchemes = listOf(options.schemes) ?? schemeNames;
  const ownTypes = isPicker(credentials) ? (credentials.types ?? defaultTypes) : typesOf(credentials);
  const shown = listed.map(({ chain: [leaf] }: Credential) => leaf);
  const id = configId("client", common, verifier, options.label, { pskOnly, shown });
  const { sessions } = options;
  const settings: ClientSettings = Object.freeze({
    ...common,
    id,
    role: "client",
    verifier: verifier ?? trustsNobody,
    pskOnly,
    psks,
    keyShares,
    credentials,
    ownTypes,
    ownSchemes,
    compressed,
    sessions,
    tickets,
    reverifyOnResume,
    earlyData,
    manners,
  });
  return ClientConfig.make(settings, id);
}

/** What both kinds of options have: one is told from the other when they are read. */
type GivenOptions = Omit<ClientOptions, "verifier"> & { readonly verifier?: Verifier };

/** Nobody asks it: a client that takes PSKs alone fails before it reads a certificate. */
const trustsNobody: Verifier = Object.freeze({
  label: "trusts nobody",
  schemes: [],
  verify: () => ({ alert: "handshake_failure", reason: "certificates are not taken here" }) as const,
});

/** A checked, frozen config. Share it among connections. */
export class ClientConfig {
  readonly role = "client";
  /** Hash over what must not differ for a session to be taken over. */
  readonly id: Bytes;
  readonly #settings: ClientSettings;
  private constructor(settings: ClientSettings, id: Bytes) {
    this.#settings = settings;
    this.id = id;
    Object.freeze(this);
  }
  /** @internal */
  static make(settings: ClientSettings, id: Bytes): ClientConfig {
    return new ClientConfig(settings, id);
  }
  /** @internal */
  static settingsOf(config: ClientConfig): ClientSettings {
    return config.#settings;
  }
}

const clientOptions: Readonly<Record<keyof ClientOptions, true>> = {
  ...commonOptions,
  verifier: true,
  credentials: true,
  keyShares: true,
  sessions: true,
  padding: true,
  grease: true,
  permuteExtensions: true,
  clientHelloRecordSize: true,
  tickets: true,
  reverifyOnResume: true,
  earlyData: true,
};

/** The server must be able to prove its key in every version that is offered. */
function checkVerifications({ versions, suites, groups, verifications }: Omit<CommonSettings, "id">, problems: Problems): void {
  if (suites.length === 0 || groups.length === 0) return;
  const schemes = [...verifications.keys()];
  for (const version of versions) {
    if (!schemes.some((scheme) => signsIn(version, scheme))) {
      const problem = `has none by which a server could prove its key in ${version}`;
      const remedy = `add one, such as ecdsa_secp256r1_sha256, or leave ${version} out`;
      problems.add("no-scheme-for-version", "schemes", problem, remedy);
    } else if (version === "tls1.2" && !suitesGoWithSchemes(suites, schemes, groups)) {
      const problem = "has none that goes with a suite and a group for tls1.2";
      const remedy = "add ECDSA with its curve for ECDHE_ECDSA suites, RSA for ECDHE_RSA suites, or leave tls1.2 out";
      problems.add("no-scheme-for-version", "schemes", problem, remedy);
    }
  }
}

/** A hello has 64 KiB for all extensions, and servers that are careful read a quarter of it. */
function checkRoom(psks: readonly PreparedPsk[], problems: Problems): void {
  const octets = psks.reduce((sum, { identity, hash }) => sum + identity.length + 6 + 1 + (hash === "sha384" ? 48 : 32), 0);
  if (octets <= roomForPsks) return;
  problems.add(
    "too-many-psks",
    "psks",
    `take ${octets} bytes of each ClientHello`,
    `offer fewer: there is room for ${roomForPsks}`,
  );
}
const roomForPsks = 8192;

function readTickets(
  given: ClientOptions["tickets"],
  takesThem: boolean,
  { versions, limits }: Omit<CommonSettings, "id">,
  problems: Problems,
): TicketRequest | undefined {
  if (given === undefined) return undefined;
  const path = "tickets";
  if (!isRecord(given)) {
    problems.add("wrong-type", path, "is no object", "give { new, resumed }");
    return undefined;
  }
  rejectUnknownKeys(given, ["new", "resumed"], path, problems);
  for (const name of ["new", "resumed"] as const) {
    const count: unknown = given[name];
    if (Number.isInteger(count) && Number(count) >= 0 && Number(count) <= mostTickets) continue;
    problems.add("not-a-count", `${path}.${name}`, `is ${String(count)}`, `give a whole number from 0 to ${mostTickets}`);
  }
  const most = Math.max(given.new, given.resumed);
  if (most > limits.postHandshakeInARow) {
    const problem = `is ${limits.postHandshakeInARow}, and ${most} tickets may come in a row, which are asked for`;
    problems.add("limit-too-small", "limits.postHandshakeInARow", problem, "raise it, or ask for fewer tickets");
  }
  if (!takesThem)
    problems.add("missing-option", "sessions", "is missing, and tickets are asked for", "give a store, or leave tickets out");
  if (!versions.includes("tls1.3"))
    problems.add("other-version", path, "are asked for in tls1.3", "name tls1.3 in versions, or leave it out");
  return Object.freeze({ new: given.new, resumed: given.resumed });
}

/** Well below what may come in a row (`postHandshakeInARow`), and more than a store keeps of one server. */
const mostTickets = 16;

function checkNothingToShow(given: ClientOptions["credentials"], problems: Problems): void {
  if (given === undefined || (Array.isArray(given) && given.length === 0)) return;
  const problem = "are for servers that are known by a certificate, and there is no verifier";
  problems.add("psk-replaces-certificate", "credentials", problem, "leave them out, or give a verifier");
}

/** Several that are chosen from by the server's wishes, or somebody who picks. */
function readOwn(
  given: ClientOptions["credentials"],
  ownSchemes: readonly SignatureScheme[],
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): readonly Credential[] | CredentialPicker {
  if (given === undefined) return Object.freeze([]);
  if (isPicker(given)) {
    if (given.types !== undefined) readNames(given.types, "credentials.types", certificateTypes, problems);
    return given;
  }
  if (Array.isArray(given)) return readOwnCredentials(given, ownSchemes, common, problems);
  const remedy = "give a list of Credentials, or an object with pick or pickAsync";
  problems.add("wrong-type", "credentials", "is neither a list nor a CredentialPicker", remedy);
  return [];
}

const defaultTypes: readonly CertificateType[] = Object.freeze(["x509"]);
function typesOf(credentials: readonly Credential[]): readonly CertificateType[] {
  return Object.freeze([...new Set(credentials.map(({ type }) => type))]);
}

function isPicker(given: unknown): given is CredentialPicker {
  return isRecord(given) && (typeof given["pick"] === "function" || typeof given["pickAsync"] === "function");
}

/** In the order of `groups`, which the key shares must follow (RFC 9846 §4.3.8). */
function readKeyShares(
  given: number | readonly NamedGroup[] | undefined,
  groups: readonly Group[],
  problems: Problems,
): readonly Group[] {
  const path = "keyShares";
  if (given === undefined) return defaultKeyShares(groups);
  if (typeof given === "number") {
    if (!Number.isInteger(given) || given < 0 || (groups.length > 0 && given > groups.length)) {
      const remedy = `give a whole number from 0 to ${groups.length}, or a list of groups`;
      problems.add("bad-key-shares", path, `is ${given}; there are ${groups.length} groups`, remedy);
    }
    return Object.freeze(groups.slice(0, given));
  }
  // An empty list says the same as 0: the server must ask.
  const names = listOf(given)?.length === 0 ? [] : readNames(given, path, groupNames, problems);
  for (const name of groups.length === 0 ? [] : names) {
    if (groups.some((group) => group.name === name)) continue;
    problems.add("not-in-groups", path, `${name} is not among this config's groups`, "leave it out, or add it to groups");
  }
  return Object.freeze(groups.filter(({ name }) => names.includes(name)));
}

function defaultKeyShares(groups: readonly Group[]): readonly Group[] {
  const [first] = groups;
  if (first === undefined || isClassical(first.name)) return Object.freeze(groups.slice(0, 1));
  const classical = groups.find(({ name }) => isClassical(name));
  return Object.freeze(classical === undefined ? [first] : [first, classical]);
}
