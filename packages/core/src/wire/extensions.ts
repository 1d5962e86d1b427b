// Extension blocks, and the bodies of the extensions that we read or write (RFC 9846 §4.3 and the RFCs named below). A body is
// read to its last byte.
import { fail } from "../errors.ts";
import { type Bytes, latin1, latin1Text } from "./bytes.ts";
import type { Reader } from "./reader.ts";
import { type ExtensionName, extensionIds, type Registered, registered } from "./registry.ts";
import { type Writer, write } from "./writer.ts";

/** As it stood on the wire, known or not. */
export interface Extension {
  readonly type: Registered;
  readonly data: Bytes;
}

/** What reads a body, and puts what it says where it belongs. */
export type BodyReaders<Into> = Readonly<Partial<Record<ExtensionName, (body: Reader, into: Into) => void>>>;

/**
 * Reads a block and every body that has a reader in `bodies`, in order. A type that stands twice is refused, whatever it is.
 */
export function readExtensions<Into>(block: Reader, bodies: BodyReaders<Into>, into: Into): Extension[] {
  const extensions: Extension[] = [];
  const seen = new Set<number>();
  while (block.remaining > 0) {
    const id = block.u16("extension_type");
    const type = registered("extension", id);
    const body = block.vector(2, type.name ?? "extension_data");
    if (seen.has(id)) fail("duplicate-extension", { message: block.message, extension: type }, "RFC 9846 §4.3");
    seen.add(id);
    const start = body.offset;
    const data = body.copy(body.remaining, "extension_data");
    extensions.push({ type, data });
    const name = nameOf.get(id);
    const read = name === undefined ? undefined : bodies[name];
    if (read === undefined) continue;
    const inside = body.again(start);
    read(inside, into);
    inside.end();
  }
  return extensions;
}

const nameOf: ReadonlyMap<number, ExtensionName> = new Map(
  (Object.keys(extensionIds) as ExtensionName[]).map((name) => [extensionIds[name], name]),
);

export function writeExtensions(writer: Writer, extensions: readonly Extension[]): void {
  writer.list(2, extensions, (_, { type, data }) => writer.u16(type.id).opaque(2, data));
}

export function extension(name: ExtensionName, body: (writer: Writer) => void = () => {}): Extension {
  return { type: { id: extensionIds[name], name }, data: write(body) };
}

export interface KeyShareEntry {
  readonly group: number;
  readonly keyExchange: Bytes;
}
interface PskIdentity {
  readonly identity: Bytes;
  readonly obfuscatedTicketAge: number;
}
export interface OfferedPsks {
  readonly identities: readonly PskIdentity[];
  readonly binders: readonly Bytes[];
}

/** RFC 6066 §3: the host names as they stand there, unchecked; names of other types are left out. */
export function readServerNames(body: Reader): string[] {
  return body
    .list(2, "server_name_list", 1, (list) => {
      const hostName = list.u8("name_type") === 0;
      const name = latin1Text(list.opaque(2, "host_name", 1));
      return hostName ? [name] : [];
    })
    .flat();
}
export function writeServerName(writer: Writer, name: string): void {
  writer.vector(2, () => writer.u8(0).opaque(2, latin1(name)));
}

/** RFC 7301 §3.1. */
export function readProtocols(body: Reader): string[] {
  return body.list(2, "protocol_name_list", 2, (list) => latin1Text(list.opaque(1, "protocol_name", 1)));
}
/** A server's answer (RFC 7301 §3.1): exactly one. */
export function readProtocol(body: Reader): string {
  const start = body.offset;
  const [protocol, ...more] = readProtocols(body);
  return protocol !== undefined && more.length === 0 ? protocol : body.malformed("protocol_name_list", start);
}
export function writeProtocols(writer: Writer, names: readonly string[]): void {
  writer.list(2, names, (_, name) => writer.opaque(1, latin1(name)));
}

export function readKeyShareEntry(reader: Reader): KeyShareEntry {
  return { group: reader.u16("group"), keyExchange: reader.opaque(2, "key_exchange", 1) };
}
export function writeKeyShareEntry(writer: Writer, { group, keyExchange }: KeyShareEntry): void {
  writer.u16(group).opaque(2, keyExchange);
}

export function readOfferedPsks(body: Reader): OfferedPsks {
  return {
    identities: body.list(2, "identities", 7, (list) => ({
      identity: list.opaque(2, "identity", 1),
      obfuscatedTicketAge: list.u32("obfuscated_ticket_age"),
    })),
    // RFC 9846 §4.3.11 says 32 bytes at least; a shorter one is left to its verification, where it is decrypt_error.
    binders: body.list(2, "binders", 2, (list) => list.opaque(1, "binder", 1)),
  };
}

/** RFC 8449 §4. */
export function recordSizeLimit(bytes: number): Extension {
  return extension("record_size_limit", (writer) => writer.u16(bytes));
}

/** RFC 9149 §3: how many tickets a client would have. */
export interface TicketRequest {
  /** Behind a handshake that makes a new session. */
  readonly new: number;
  readonly resumed: number;
}
export function readTicketRequest(body: Reader): TicketRequest {
  return { new: body.u8("new_session_count"), resumed: body.u8("resumption_count") };
}
export function writeTicketRequest(writer: Writer, request: TicketRequest): void {
  writer.u8(request.new).u8(request.resumed);
}

/** @param least 3 in the extension (RFC 9846 §4.3.4); TLS 1.2's message may have none (RFC 5246 §7.4.4). */
export function readAuthorities(body: Reader, least = 3): Bytes[] {
  return body.list(2, "authorities", least, (list) => list.opaque(2, "distinguished_name", 1));
}
