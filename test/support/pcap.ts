// Captures made here: frames of Ethernet, IPv4 and TCP, in pcap and pcapng.

export interface Segment {
  readonly from: "client" | "server";
  readonly sequence: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
}
export const syn = 2;
export const ack = 16;

export function frameOf({ from, sequence, flags = ack, payload = new Uint8Array(0) }: Segment, client = 50_000): Buffer {
  const tcp = Buffer.alloc(20 + payload.length);
  tcp.writeUInt16BE(from === "client" ? client : 443, 0);
  tcp.writeUInt16BE(from === "client" ? 443 : client, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp[12] = 5 << 4;
  tcp[13] = flags;
  tcp.set(payload, 20);
  const ip = Buffer.alloc(20);
  ip[0] = 0x45;
  ip.writeUInt16BE(20 + tcp.length, 2);
  ip[9] = 6;
  ip.set(from === "client" ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1], 12);
  return Buffer.concat([Buffer.alloc(12), Buffer.from([8, 0]), ip, tcp]);
}

export function pcap(frames: readonly Buffer[], little = true): Buffer {
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const header = Buffer.concat([word(0xa1b2c3d4), word(0), word(0), word(0), word(65_535), word(1)]);
  return Buffer.concat([header, ...frames.flatMap((frame) => [word(1), word(2), word(frame.length), word(frame.length), frame])]);
}

/** @param keyLog goes into a block of its own, as Wireshark's `editcap --inject-secrets` puts it there */
export function pcapng(frames: readonly Buffer[], keyLog?: string): Buffer {
  const block = (type: number, body: Buffer): Buffer => {
    const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)]);
    const edge = Buffer.alloc(8);
    edge.writeUInt32LE(type, 0);
    edge.writeUInt32LE(padded.length + 12, 4);
    return Buffer.concat([edge, padded, edge.subarray(4)]);
  };
  const section = block(0x0a0d0d0a, Buffer.from("4d3c2b1a01000000ffffffffffffffff", "hex"));
  const link = block(1, Buffer.from("0100000000000000", "hex"));
  const secrets = keyLog === undefined ? [] : [block(10, secretsOf(keyLog))];
  const packets = frames.map((frame) => {
    const head = Buffer.alloc(20);
    head.writeUInt32LE(frame.length, 12);
    head.writeUInt32LE(frame.length, 16);
    return block(6, Buffer.concat([head, frame]));
  });
  return Buffer.concat([section, link, ...secrets, ...packets]);
}

/** Secrets of the type TLS Key Log. */
function secretsOf(keyLog: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x544c534b, 0);
  head.writeUInt32LE(keyLog.length, 4);
  return Buffer.concat([head, Buffer.from(keyLog)]);
}

/** A connection, chunk by chunk in the order of time. */
export function segmentsOf(chunks: readonly { readonly from: "client" | "server"; readonly bytes: Uint8Array }[]): Segment[] {
  const next = { client: 1001, server: 9001 };
  return [
    { from: "client", sequence: 1000, flags: syn },
    { from: "server", sequence: 9000, flags: syn | ack },
    ...chunks.map(({ from, bytes }) => {
      const sequence = next[from];
      next[from] += bytes.length;
      return { from, sequence, payload: bytes };
    }),
  ];
}
