// pcap and pcapng: TCP streams of what was captured, each direction in order. Strict about lengths, and about nothing else.
import { Cursor } from "./cursor.ts";

/** One TCP connection. Bytes that are missing from the capture end a direction. */
export interface Conversation {
  /** `host:port`. */
  readonly client: string;
  readonly server: string;
  readonly fromClient: Uint8Array;
  readonly fromServer: Uint8Array;
  /** A segment is missing, or more came than is kept. */
  readonly incomplete: boolean;
  readonly reset: boolean;
  /** In the order of time: what each segment made complete, as the length of its direction up to there. */
  readonly turns: readonly Turn[];
}
export interface Turn {
  readonly from: "client" | "server";
  readonly upTo: number;
}

const mostConversations = 1000;
/** A handshake has far less. */
const mostOctets = 1 << 18;
/** A segment has a byte or more. */
const mostTurns = 10_000;

export function isCapture(bytes: Uint8Array): boolean {
  return magicOf(bytes) !== undefined;
}

/** Of anything: what is no packet is left out. */
export function readCapture(bytes: Uint8Array): readonly Conversation[] {
  const conversations = new Map<string, Conversing>();
  const magic = magicOf(bytes);
  const packets =
    magic === undefined ? [] : magic.format === "pcap" ? packetsOfPcap(bytes, magic.little) : packetsOfPcapng(bytes);
  for (const { link, packet } of packets) {
    const segment = segmentOf(link, packet);
    if (segment === undefined) continue;
    const { source, target } = segment;
    const key = source < target ? `${source} ${target}` : `${target} ${source}`;
    let conversation = conversations.get(key);
    if (conversation === undefined) {
      if (conversations.size >= mostConversations) continue;
      // Who speaks first is the client, unless it answers.
      const opener = segment.syn && segment.ack ? target : source;
      conversation = new Conversing(opener, opener === source ? target : source);
      conversations.set(key, conversation);
    }
    conversation.take(segment);
  }
  return [...conversations.values()].map((conversation) => conversation.done());
}

/** Key logs that are in a pcapng (Decryption Secrets Blocks), as they stand there. */
export function secretsIn(bytes: Uint8Array): readonly Uint8Array[] {
  const magic = magicOf(bytes);
  if (magic?.format !== "pcapng") return [];
  const found: Uint8Array[] = [];
  for (const { type, body, little } of blocksOf(bytes)) {
    if (type !== 10 || body.length < 8 || word(body, 0, 4, little) !== tlsKeyLog) continue;
    found.push(body.subarray(8, 8 + word(body, 4, 4, little)));
  }
  return found;
}
const tlsKeyLog = 0x544c534b;

class Conversing {
  readonly #client: string;
  readonly #server: string;
  readonly #ways: readonly [Way, Way] = [new Way(), new Way()];
  readonly #turns: Turn[] = [];
  #reset = false;
  constructor(client: string, server: string) {
    this.#client = client;
    this.#server = server;
  }
  take(segment: Segment): void {
    if (segment.reset) this.#reset = true;
    const isClient = segment.source === this.#client;
    const way = this.#ways[isClient ? 0 : 1];
    way.take(segment);
    if (segment.payload.length > 0 && this.#turns.length < mostTurns)
      this.#turns.push({ from: isClient ? "client" : "server", upTo: way.upTo });
  }
  done(): Conversation {
    const [client, server] = this.#ways;
    return {
      client: this.#client,
      server: this.#server,
      fromClient: client.bytes(),
      fromServer: server.bytes(),
      incomplete: client.incomplete || server.incomplete,
      reset: this.#reset,
      turns: this.#turns,
    };
  }
}

/** One direction: segments in the order of their sequence numbers, what was sent twice once. */
class Way {
  readonly #segments: { readonly at: number; readonly payload: Uint8Array }[] = [];
  #first: number | undefined;
  #kept = 0;
  incomplete = false;
  /** How far the segments reach; holes, which a segment sent again will fill, are not looked for. */
  upTo = 0;

  take({ sequence, syn, payload }: Segment): void {
    if (syn) this.#first = (sequence + 1) >>> 0;
    if (payload.length === 0) return;
    this.#first ??= sequence;
    if (this.#kept + payload.length > 2 * mostOctets) {
      this.incomplete = true;
      return;
    }
    this.#kept += payload.length;
    // Numbers wrap; what lies before the first byte is a stray of another connection.
    const at = (sequence - this.#first) >>> 0;
    if (at < mostOctets) {
      this.#segments.push({ at, payload });
      this.upTo = Math.max(this.upTo, at + payload.length);
    } else this.incomplete = true;
  }

  bytes(): Uint8Array {
    const whole: number[] = [];
    for (const { at, payload } of this.#segments.sort((one, other) => one.at - other.at)) {
      if (at > whole.length) {
        this.incomplete = true;
        break;
      }
      for (const byte of payload.subarray(whole.length - at)) whole.push(byte);
    }
    return Uint8Array.from(whole);
  }
}

interface Packet {
  readonly link: number;
  readonly packet: Uint8Array;
}
interface Segment {
  readonly source: string;
  readonly target: string;
  readonly sequence: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly reset: boolean;
  readonly payload: Uint8Array;
}

function magicOf(bytes: Uint8Array): { readonly format: "pcap" | "pcapng"; readonly little: boolean } | undefined {
  const magic = new Cursor(bytes).number(4);
  if (magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1) return { format: "pcap", little: true };
  if (magic === 0xa1b2c3d4 || magic === 0xa1b23c4d) return { format: "pcap", little: false };
  return magic === 0x0a0d0d0a ? { format: "pcapng", little: bytes[8] === 0x4d } : undefined;
}

function word(bytes: Uint8Array, at: number, octets: 2 | 4, little: boolean): number {
  let value = 0;
  for (let place = 0; place < octets; place++) value = value * 256 + (bytes[little ? at + octets - 1 - place : at + place] ?? 0);
  return value;
}

function* packetsOfPcap(bytes: Uint8Array, little: boolean): Generator<Packet> {
  const link = word(bytes, 20, 4, little) & 0xffff;
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = word(bytes, at + 8, 4, little);
    if (length > bytes.length - at - 16) return;
    yield { link, packet: bytes.subarray(at + 16, at + 16 + length) };
    at += 16 + length;
  }
}

interface Block {
  readonly type: number;
  /** Without the lengths before and behind it. */
  readonly body: Uint8Array;
  readonly little: boolean;
}

function* blocksOf(bytes: Uint8Array): Generator<Block> {
  let little = true;
  for (let at = 0; at + 12 <= bytes.length; ) {
    if (word(bytes, at, 4, false) === sectionHeader) little = bytes[at + 8] === 0x4d;
    const length = word(bytes, at + 4, 4, little);
    if (length < 12 || length % 4 !== 0 || length > bytes.length - at) return;
    yield { type: word(bytes, at, 4, little), body: bytes.subarray(at + 8, at + length - 4), little };
    at += length;
  }
}
/** The same in both orders of bytes. */
const sectionHeader = 0x0a0d0d0a;

/** Interfaces, and packets (enhanced and simple); other blocks are skipped. */
function* packetsOfPcapng(bytes: Uint8Array): Generator<Packet> {
  let links: number[] = [];
  for (const { type, body, little } of blocksOf(bytes)) {
    if (type === sectionHeader) links = [];
    if (type === 1 && links.length < 1000) links.push(word(body, 0, 2, little));
    if (type === 6 && body.length >= 20) {
      const captured = word(body, 12, 4, little);
      if (captured <= body.length - 20)
        yield { link: links[word(body, 0, 4, little)] ?? -1, packet: body.subarray(20, 20 + captured) };
    }
    if (type === 3 && body.length >= 4) {
      yield { link: links[0] ?? -1, packet: body.subarray(4, 4 + Math.min(word(body, 0, 4, little), body.length - 4)) };
    }
  }
}

/** LINKTYPE_ numbers, and where the network layer begins behind them. */
function networkOf(link: number, packet: Uint8Array): Uint8Array | undefined {
  if (link === 101 || link === 12 || link === 228 || link === 229) return packet;
  if (link === 0 || link === 108) return packet.subarray(4);
  if (link === 113) return packet.subarray(16);
  if (link === 276) return packet.subarray(20);
  if (link !== 1) return undefined;
  let at = 12;
  // VLAN tags stand before the type.
  while (at < 24 && (word(packet, at, 2, false) === 0x8100 || word(packet, at, 2, false) === 0x88a8)) at += 4;
  return packet.subarray(at + 2);
}

function segmentOf(link: number, frame: Uint8Array): Segment | undefined {
  const packet = networkOf(link, frame);
  const version = (packet?.[0] ?? 0) >> 4;
  if (packet === undefined || (version !== 4 && version !== 6)) return undefined;
  const isV4 = version === 4;
  const headerLength = isV4 ? ((packet[0] ?? 0) & 15) * 4 : 40;
  const protocol = packet[isV4 ? 9 : 6];
  // Fragments, and extension headers of IPv6, carry no handshake that anybody asked about.
  const isFragment = isV4 && (word(packet, 6, 2, false) & 0x3fff) !== 0;
  if (protocol !== 6 || isFragment || headerLength < 20 || packet.length < headerLength + 20) return undefined;
  const total = isV4 ? word(packet, 2, 2, false) : 40 + word(packet, 4, 2, false);
  // Offloading leaves the length zero.
  const end = total === 0 || total === 40 ? packet.length : Math.min(total, packet.length);
  const tcp = packet.subarray(headerLength, end);
  if (tcp.length < 20) return undefined;
  const flags = tcp[13] ?? 0;
  const address = (at: number): string =>
    isV4 ? [...packet.subarray(at, at + 4)].join(".") : `[${hextets(packet.subarray(at, at + 16))}]`;
  return {
    source: `${address(isV4 ? 12 : 8)}:${word(tcp, 0, 2, false)}`,
    target: `${address(isV4 ? 16 : 24)}:${word(tcp, 2, 2, false)}`,
    sequence: word(tcp, 4, 4, false),
    syn: (flags & 2) !== 0,
    ack: (flags & 16) !== 0,
    reset: (flags & 4) !== 0,
    payload: tcp.subarray(Math.min(((tcp[12] ?? 0) >> 4) * 4, tcp.length)),
  };
}

function hextets(address: Uint8Array): string {
  return Array.from({ length: 8 }, (_, at) => word(address, at * 2, 2, false).toString(16)).join(":");
}
