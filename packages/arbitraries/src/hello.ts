// A ClientHello as plain data: written as it stands, so that what is wrong with it is up to who wrote it.
import type { Bytes } from "@sallyport/core";
import { extensionTypes, handshakeTypes, retryRandom } from "./numbers.ts";
import { block, type Extension, extension, join, latin1, message, repeat, u16, v16, v8 } from "./octets.ts";

export interface HelloScript {
  readonly legacyVersion: number;
  /** Of 32 bytes, all alike; of a server's hello, too. */
  readonly random: number;
  readonly sessionIdLength: number;
  readonly compression: readonly number[];
  readonly suites: readonly number[];
  /** undefined: no such extension. So everywhere below. */
  readonly versions: readonly number[] | undefined;
  readonly groups: readonly number[] | undefined;
  readonly shares: readonly number[] | undefined;
  readonly schemes: readonly number[] | undefined;
  readonly serverName: string | undefined;
  readonly alpn: readonly string[] | undefined;
  readonly pskModes: readonly number[] | undefined;
  /** Of TLS 1.2: extended_master_secret, renegotiation_info, session_ticket (empty). */
  readonly extendedMasterSecret: boolean;
  readonly renegotiationInfo: boolean;
  /** Bytes in renegotiation_info of the Finished of a handshake before this one; of a server's hello, too. Default 0: it is the first. */
  readonly renegotiated?: number;
  readonly sessionTicket: boolean;
  readonly pointFormats: boolean;
  /** Extensions that most have never heard of, and known ones with a body that fits, by their numbers. */
  readonly more: readonly number[];
  /** How far the extensions are turned around. */
  readonly turn: number;
}

/** Which every server of TLS 1.3 or 1.2 likes. */
export const plainHello: HelloScript = {
  legacyVersion: 0x0303,
  random: 0xc1,
  sessionIdLength: 32,
  compression: [0],
  suites: [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xcca9],
  versions: [0x0304, 0x0303],
  groups: [0x001d, 0x0017],
  shares: [0x001d],
  schemes: [0x0403, 0x0807, 0x0804, 0x0401],
  serverName: "localhost",
  alpn: ["h2", "http/1.1"],
  pskModes: [1],
  extendedMasterSecret: true,
  renegotiationInfo: true,
  sessionTicket: true,
  pointFormats: true,
  more: [],
  turn: 0,
};

/**
 * @param shareOf the public share for a group
 * @param added come behind the others, in place of one of the same type
 * @param last pre_shared_key
 */
export function encodeHello(
  hello: HelloScript,
  shareOf: (group: number) => Uint8Array,
  added: readonly Extension[] = [],
  last: readonly Extension[] = [],
): Bytes {
  const said: Extension[] = [];
  const say = (present: unknown, type: number, ...body: readonly Uint8Array[]): void => {
    if (present !== undefined && present !== false) said.push(extension(type, ...body));
  };
  const { serverName, versions, groups, shares, schemes, alpn, pskModes } = hello;
  say(serverName, extensionTypes.server_name, v16([0], v16(latin1(serverName ?? ""))));
  say(versions, extensionTypes.supported_versions, v8(u16(...(versions ?? []))));
  say(groups, extensionTypes.supported_groups, v16(u16(...(groups ?? []))));
  say(schemes, extensionTypes.signature_algorithms, v16(u16(...(schemes ?? []))));
  say(shares, extensionTypes.key_share, v16(...(shares ?? []).map((group) => join(u16(group), v16(shareOf(group))))));
  say(alpn, extensionTypes.alpn, v16(...(alpn ?? []).map((name) => v8(latin1(name)))));
  say(pskModes, extensionTypes.psk_key_exchange_modes, v8(pskModes ?? []));
  say(hello.extendedMasterSecret, extensionTypes.extended_master_secret);
  say(hello.renegotiationInfo, extensionTypes.renegotiation_info, v8(earlierFinished(hello)));
  say(hello.sessionTicket, extensionTypes.session_ticket);
  say(hello.pointFormats, extensionTypes.ec_point_formats, v8([0]));
  for (const type of hello.more) say(true, type, bodyOf(type));
  const turned = [...said.slice(hello.turn % Math.max(1, said.length)), ...said.slice(0, hello.turn % Math.max(1, said.length))];
  const kept = turned.map((each) => added.find(({ type }) => type === each.type) ?? each);
  const new_ = added.filter(({ type }) => !turned.some((each) => each.type === type));
  return message(
    handshakeTypes.client_hello,
    u16(hello.legacyVersion),
    repeat(32, hello.random),
    v8(repeat(hello.sessionIdLength, 0x5e)),
    v16(u16(...hello.suites)),
    v8(hello.compression),
    block([...kept, ...new_, ...last]),
  );
}

/** RFC 5746 §3.2: by TLS 1.2 a client's has 12 bytes, and both sides' together 24. */
export function earlierFinished({ renegotiated = 0 }: HelloScript): Bytes {
  return repeat(renegotiated, 0xf0);
}

/** Something that its decoder takes. */
function bodyOf(type: number): Bytes {
  switch (type) {
    case extensionTypes.status_request:
      return join([1], u16(0, 0));
    case extensionTypes.record_size_limit:
      return u16(700);
    case extensionTypes.compress_certificate:
      return v8(u16(1, 2, 0x4001));
    case extensionTypes.client_certificate_type:
    case extensionTypes.server_certificate_type:
      return v8([0, 2]);
    case extensionTypes.certificate_authorities:
      return v16(v16([0x30, 0]));
    case extensionTypes.signature_algorithms_cert:
      return v16(u16(0x0403, 0x0804));
    case extensionTypes.ticket_request:
      return Uint8Array.of(2, 1);
    case extensionTypes.max_fragment_length:
      return Uint8Array.of(1);
    case extensionTypes.padding:
      return repeat(30);
    default:
      return repeat(0);
  }
}

/** HelloRetryRequest is a ServerHello of one random. */
export function isRetry(message: Uint8Array): boolean {
  return message[0] === handshakeTypes.server_hello && retryRandom.every((byte, at) => message[6 + at] === byte);
}

/** Where the extensions of a message stand. */
export interface Placed {
  /** Everything in front of the block, its length not among it. */
  readonly head: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly tail: Uint8Array;
}

/** undefined: it has none, or they can't be found. */
export function extensionsIn(message: Bytes, version: "tls1.3" | "tls1.2"): Placed | undefined {
  const start = startOf(message, version);
  if (start === undefined || start + 2 > message.length) return undefined;
  const number = (at: number): number => (message[at] ?? 0) * 256 + (message[at + 1] ?? 0);
  const end = start + 2 + number(start);
  if (end > message.length) return undefined;
  const extensions: Extension[] = [];
  for (let at = start + 2; at < end; ) {
    const next = at + 4 + number(at + 2);
    if (next > end) return undefined;
    extensions.push({ type: number(at), body: message.subarray(at + 4, next) });
    at = next;
  }
  return { head: message.subarray(0, start), extensions, tail: message.subarray(end) };
}

/** With all lengths made right again. */
export function withExtensions({ head, tail }: Placed, extensions: readonly Extension[]): Bytes {
  return message(head[0] ?? 0, head.subarray(4), block(extensions), tail);
}

function startOf(message: Uint8Array, version: "tls1.3" | "tls1.2"): number | undefined {
  const skip8 = (at: number): number => at + 1 + (message[at] ?? 0);
  const skip16 = (at: number): number => at + 2 + (message[at] ?? 0) * 256 + (message[at + 1] ?? 0);
  switch (message[0]) {
    case handshakeTypes.client_hello:
      return skip8(skip16(skip8(38)));
    case handshakeTypes.server_hello:
      return skip8(38) + 3;
    case handshakeTypes.encrypted_extensions:
      return 4;
    case handshakeTypes.certificate_request:
      return version === "tls1.3" ? skip8(4) : undefined;
    case handshakeTypes.new_session_ticket:
      return version === "tls1.3" ? skip16(skip8(12)) : undefined;
    default:
      return undefined;
  }
}
