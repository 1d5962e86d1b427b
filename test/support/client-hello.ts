import type { Bytes, ClientHello, Registered } from "@sallyport/core";
import { decodeClientHello, type DecodedClientHello } from "../../packages/core/src/wire/client-hello.ts";
import { extensionIds, type ExtensionName, registered } from "../../packages/core/src/wire/registry.ts";

/** Decodes the ClientHello of one plaintext record, given in hex. */
export function helloOfRecord(hex: string): DecodedClientHello {
  const record = Buffer.from(hex, "hex");
  if (record.readUInt16BE(3) !== record.length - 5) throw new TypeError("more or less than one record");
  return decodeClientHello(Uint8Array.from(record.subarray(5)));
}

/** What a test says of a hello, in numbers of the registries. */
export interface Offer {
  readonly versions?: readonly number[];
  readonly suites?: readonly number[];
  readonly serverName?: string;
  readonly alpn?: readonly string[];
  /** null: the extension is missing. */
  readonly groups?: readonly number[] | null;
  readonly shares?: readonly number[] | null;
  readonly schemes?: readonly number[] | null;
  readonly authorities?: readonly Bytes[];
  readonly clientTypes?: readonly number[];
  readonly serverTypes?: readonly number[];
  readonly psks?: readonly string[];
  readonly pskModes?: readonly number[];
}

/** A hello that agrees with everybody but for what the test says. */
export function offer(said: Offer = {}): ClientHello {
  const {
    versions = [0x0304, 0x0303],
    suites = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f],
    serverName,
    alpn = [],
    groups = [0x001d, 0x0017],
    shares = [0x001d],
    schemes = [0x0403, 0x0804, 0x0401, 0x0807],
    authorities,
    clientTypes,
    serverTypes,
    psks = [],
    pskModes,
  } = said;
  const present: ExtensionName[] = ["supported_versions"];
  if (groups !== null) present.push("supported_groups");
  if (shares !== null) present.push("key_share");
  if (schemes !== null) present.push("signature_algorithms");
  const all = (registry: "version" | "suite" | "group" | "scheme" | "certificateType", ids: readonly number[]): Registered[] =>
    ids.map((id) => registered(registry, id));
  const none = new Uint8Array(0);
  return {
    raw: none,
    legacyVersion: 0x0303,
    versions: all("version", versions),
    random: none,
    legacySessionId: none,
    cipherSuites: all("suite", suites),
    compressionMethods: [0],
    extensions: present.map((name) => ({ type: registered("extension", extensionIds[name]), data: none })),
    serverName,
    alpn,
    groups: groups === null ? undefined : all("group", groups),
    keyShareGroups: all("group", shares ?? []),
    signatureSchemes: schemes === null ? undefined : all("scheme", schemes),
    certificateSignatureSchemes: undefined,
    clientCertificateTypes: clientTypes && all("certificateType", clientTypes),
    serverCertificateTypes: serverTypes && all("certificateType", serverTypes),
    certificateAuthorities: authorities,
    offersPsk: psks.length > 0,
    pskIdentities: psks.map((name) => new TextEncoder().encode(name)),
    pskModes,
    offersEarlyData: false,
  };
}
