import { type Bytes, copy, hex } from "../wire/bytes.ts";
import { isAddress } from "../wire/client-hello.ts";
import type { NamedGroup, ProtocolVersion, SignatureScheme } from "../wire/registry.ts";
import { compressCertificates } from "./certificate-compression.ts";
import { readCredentials, schemesOfSigners } from "./check-credentials.ts";
import { checkHalfRtt, readServerEarlyData, withEarlyData } from "./check-early-data.ts";
import { forPsksAlone, isPskOnly, type PreparedPsk, readPsks } from "./check-psks.ts";
import { checkServerSessions } from "./check-sessions.ts";
import { checkVerifier } from "./check-verifier.ts";
import { commonOptions, readCommon } from "./common-options.ts";
import type { Credential } from "./credential.ts";
import { configId, idWithAlpn } from "./id.ts";
import { groupNames, listOf, readNames, schemeNames } from "./names.ts";
import type { ClientAuthentication, PskServerOptions, ServerOptions } from "./options.ts";
import { encodeCertificates } from "./own-certificate.ts";
import { byVersion, groupVersions, signsIn, suiteMeanings } from "./parameters.ts";
import { isRecord, Problems, rejectUnknownKeys, snapshot } from "./problems.ts";
import { readAlpn, readChoice, readFlag } from "./read-option.ts";
import type { ClientAuthenticationSettings, CommonSettings, ServerSettings, Signature } from "./settings.ts";

/**
 * Checks the options, completes them with the defaults, and never looks at them again.
 *
 * @throws ConfigError with every problem and its remedy: what could never work is refused here, and not in each handshake.
 */
export function serverConfig(given: ServerOptions | PskServerOptions): ServerConfig {
  const problems: Problems = new Problems();
  const options = snapshot<GivenOptions>(given, problems);
  rejectUnknownKeys(options, Object.keys(serverOptions), "", problems);
  const pskOnly = isPskOnly(options.psks, options.credentials);
  const versions = options.versions ?? (pskOnly ? ["tls1.3"] : undefined);
  const speaking = { ...options, ...(versions && { versions }) };
  const all = readCommon(speaking, schemesOfSigners(options.credentials ?? []), problems);
  const psks = readPsks(options.psks, all, problems);
  const common = pskOnly ? forPsksAlone(all, psks, options.suites, problems) : all;
  const ownSchemes = listOf(options.schemes) ?? schemeNames;
  const credentials = pskOnly ? [] : readCredentials(options.credentials, ownSchemes, common, problems);
  const servesAnyName = readFlag(options.servesAnyName, "servesAnyName", problems);
  const requiresServerName = readFlag(options.requiresServerName, "requiresServerName", problems);
  const { suiteOrder = "server", groupOrder = "server" } = options;
  if (typeof suiteOrder !== "function") readChoice(suiteOrder, "suiteOrder", ["server", "client"], problems);
  if (typeof groupOrder !== "function") readChoice(groupOrder, "groupOrder", ["server", "client"], problems);
  const clientAuthentication = readClientAuthentication(options.clientAuthentication, common, problems);
  checkAuthentication(clientAuthentication, psks, pskOnly, problems);
  checkServerSessions(options.sessions, common, problems);
  const reverifyOnResume = readFlag(options.reverifyOnResume, "reverifyOnResume", problems);
  if (options.sessionData !== undefined && typeof options.sessionData !== "function") {
    problems.add("wrong-type", "sessionData", "is no function", "give a function that returns bytes or undefined");
  }
  if (reverifyOnResume && options.clientAuthentication === undefined) {
    const remedy = "give clientAuthentication, or leave it out";
    problems.add("nobody-to-judge", "reverifyOnResume", "is set, and clients are not asked who they are", remedy);
  }
  const retryCookie = readFlag(options.retryCookie, "retryCookie", problems);
  const earlyData = readServerEarlyData(options, common, problems);
  const halfRtt = readFlag(options.halfRtt, "halfRtt", problems);
  checkHalfRtt(options, common, problems);
  const assumeGroups = readAssumedGroups(options.assumeGroups, common, problems);
  // server_name can't hold an address (RFC 6066 §3), so that nobody asks for one.
  if (requiresServerName && !servesAnyName && !pskOnly && credentials?.every(({ names }) => names.every(isAddress))) {
    const remedy = "give a credential that covers a DNS name, or set servesAnyName";
    problems.add("no-name", "requiresServerName", "is set, and no credential covers a name that a client could ask for", remedy);
  }
  const compressed = compressCertificates(credentials ?? [], common.compressors, problems);
  if (problems.count > 0 || credentials === undefined) problems.refuse();

  const { mode, verifier } = clientAuthentication ?? {};
  const id = configId("server", common, verifier, options.label, { pskOnly, clientAuthentication: mode });
  const settings: ServerSettings = Object.freeze({
    ...common,
    limits: withEarlyData(common.limits, options),
    id,
    role: "server",
    suiteNames: namesByVersion(common.suites, (name, version) => suiteMeanings[name].version === version),
    groupNames: namesByVersion(common.groups, (name, version) => groupVersions[name].includes(version)),
    signatures: new Map(
      credentials.map((credential) => [credential, byVersion((version) => signaturesOf(credential, ownSchemes, version))]),
    ),
    credentials: Object.freeze(credentials),
    psks: new Map(psks.map((psk) => [hex(psk.identity), psk])),
    pskFingerprints: new Set(psks.map(({ fingerprint }) => hex(fingerprint))),
    ownSchemes,
    certificates: encodeCertificates(credentials),
    compressed,
    servesAnyName,
    requiresServerName,
    suiteOrder,
    groupOrder,
    assumeGroups,
    clientAuthentication,
    sessions: options.sessions,
    reverifyOnResume,
    sessionData: options.sessionData,
    retryCookie,
    earlyData,
    halfRtt,
  });
  return ServerConfig.make(settings, id);
}

/** What both kinds of options have: one is told from the other when they are read. */
type GivenOptions = Omit<ServerOptions, "credentials"> & { readonly credentials?: readonly Credential[] };

/** A checked, frozen config. Share it among connections. */
export class ServerConfig {
  readonly role = "server";
  /** Hash over what must not differ for a session to be taken over. */
  readonly id: Bytes;
  readonly #settings: ServerSettings;
  private constructor(settings: ServerSettings, id: Bytes) {
    this.#settings = settings;
    this.id = id;
    Object.freeze(this);
  }
  /** @internal */
  static make(settings: ServerSettings, id: Bytes): ServerConfig {
    return new ServerConfig(settings, id);
  }
  /** @internal */
  static settingsOf(config: ServerConfig): ServerSettings {
    return config.#settings;
  }

  /**
   * The same config with other protocols, for a decision a connection: nothing else is checked again, so that it costs a hash. It
   * has an id of its own, so that sessions are taken over where the same protocols were given.
   * @throws ConfigError
   */
  withAlpn(alpn: readonly string[]): ServerConfig {
    const problems = new Problems();
    const names = readAlpn(alpn, "alpn", problems);
    if (problems.count > 0) problems.refuse();
    const id = idWithAlpn(this.#settings, names);
    return new ServerConfig(Object.freeze({ ...this.#settings, alpn: names, id }), id);
  }
}

/** Frozen: a refusal tells them to whoever asks. */
function namesByVersion<Name>(
  named: readonly { readonly name: Name }[],
  isOf: (name: Name, version: ProtocolVersion) => boolean,
): Readonly<Record<ProtocolVersion, readonly Name[]>> {
  return byVersion((version) => Object.freeze(named.map(({ name }) => name).filter((name) => isOf(name, version))));
}

function signaturesOf(
  credential: Credential,
  ownSchemes: readonly SignatureScheme[],
  version: ProtocolVersion,
): readonly Signature[] {
  const schemes = credential.signer.schemes.filter((scheme) => ownSchemes.includes(scheme) && signsIn(version, scheme));
  return schemes.map((scheme) => ({ credential, scheme }));
}

const serverOptions: Readonly<Record<keyof ServerOptions, true>> = {
  ...commonOptions,
  credentials: true,
  servesAnyName: true,
  requiresServerName: true,
  clientAuthentication: true,
  reverifyOnResume: true,
  sessionData: true,
  suiteOrder: true,
  groupOrder: true,
  assumeGroups: true,
  sessions: true,
  retryCookie: true,
  earlyData: true,
  halfRtt: true,
};

function readClientAuthentication(
  given: ClientAuthentication | undefined,
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): ClientAuthenticationSettings | undefined {
  if (given === undefined) return undefined;
  const path = "clientAuthentication";
  if (!isRecord(given)) {
    problems.add("wrong-type", path, "is no object", "give { mode, verifier }");
    return undefined;
  }
  rejectUnknownKeys(given, ["mode", "verifier", "authorities"], path, problems);
  const { mode, verifier, authorities = [] } = given;
  if (mode !== "optional" && mode !== "required") {
    problems.add("unknown-name", `${path}.mode`, `is ${String(mode)}`, "write optional or required");
  }
  checkVerifier(verifier, `${path}.verifier`, common, problems);
  checkProofs(path, common, problems);
  const list = listOf(authorities);
  if (!list?.every((authority) => authority instanceof Uint8Array && authority.length > 0)) {
    problems.add(
      "wrong-type",
      `${path}.authorities`,
      "is no list of Uint8Array",
      "give distinguished names in DER, or leave it out",
    );
    return undefined;
  }
  const octets = list.reduce((sum, { length }) => sum + 2 + length, 0);
  if (octets > roomForAuthorities) {
    const remedy = `name fewer, or none, since it is a hint: there is room for ${roomForAuthorities}`;
    problems.add("too-many-authorities", `${path}.authorities`, `takes ${octets} bytes on the wire`, remedy);
  }
  return Object.freeze({ mode, verifier, authorities: Object.freeze(list.map(copy)) });
}

/** All extensions of a CertificateRequest together have 2^16 - 1 bytes at most; half of them are for the others. */
const roomForAuthorities = 2 ** 15;

/** A request names the schemes by which the client may prove its key, and an empty list can't be sent (RFC 9846 §4.3.3). */
function checkProofs(path: string, { versions, suites, verifications }: Omit<CommonSettings, "id">, problems: Problems): void {
  if (suites.length === 0) return;
  for (const version of versions) {
    if ([...verifications.keys()].some((scheme) => signsIn(version, scheme))) continue;
    const problem = `asks for a certificate, and there is no scheme by which a client could prove its key in ${version}`;
    const remedy = `add one, such as ecdsa_secp256r1_sha256, or leave ${version} out`;
    problems.add("no-scheme-for-version", path, problem, remedy);
  }
}

/** RFC 9846 §4.4.2: a server that proves itself by a PSK must not ask for a certificate. */
function checkAuthentication(
  authentication: ClientAuthenticationSettings | undefined,
  psks: readonly PreparedPsk[],
  pskOnly: boolean,
  problems: Problems,
): void {
  if (authentication === undefined || psks.length === 0 || (authentication.mode === "optional" && !pskOnly)) return;
  const problem = "asks for certificates, which those who prove a PSK do not show";
  const remedy = pskOnly ? "leave it out: who knows a PSK is known" : "make it optional and look at info.psk, or leave psks out";
  problems.add("psk-replaces-certificate", "clientAuthentication", problem, remedy);
}

function readAssumedGroups(
  given: readonly NamedGroup[] | undefined,
  common: Omit<CommonSettings, "id">,
  problems: Problems,
): readonly NamedGroup[] | undefined {
  if (given === undefined) return undefined;
  const names = readNames(given, "assumeGroups", groupNames, problems);
  for (const name of common.groups.length === 0 ? [] : names) {
    if (common.groups.some((group) => group.name === name)) continue;
    problems.add("not-in-groups", "assumeGroups", `${name} is none of this config's groups`, "leave it out, or add it to groups");
  }
  return names;
}
