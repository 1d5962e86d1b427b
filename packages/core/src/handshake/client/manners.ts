// How a hello is said, whatever it says: GREASE among its lists (RFC 8701), extensions in an order of their own, and no length that
// somebody trips over (RFC 7685).
import type { Manners } from "../../config/settings.ts";
import { expectLength } from "../../crypto/results.ts";
import { type Bytes, concat, empty } from "../../wire/bytes.ts";
import { type ClientHelloFields, encodeClientHello } from "../../wire/client-hello.ts";
import { type Extension, extension } from "../../wire/extensions.ts";
import { type ExtensionName, extensionIds, registered } from "../../wire/registry.ts";

type Random = (length: number) => Uint8Array;

/** A first hello; the second keeps what is drawn here. Its pre_shared_key and its padding come later: see `padded`. */
export function mannered(fields: ClientHelloFields, { grease, permuteExtensions }: Manners, random: Random): ClientHelloFields {
  const said = grease ? greased(fields, random) : fields;
  return permuteExtensions ? { ...said, extensions: permuted(said.extensions ?? [], random) } : said;
}

// ── GREASE ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** RFC 8701 §3.1: a value that means nothing in every list, and two extensions, of which one has content. */
function greased(fields: ClientHelloFields, random: Random): ClientHelloFields {
  const drawn = expectLength(random(8), 8, "random");
  const index = (at: number): number => (drawn[at] ?? 0) & 15;
  const code = (at: number): number => 0x0a0a + 0x1010 * index(at);
  const group = twoBytes(code(0));
  const values: Partial<Record<ExtensionName, Uint8Array>> = {
    supported_groups: group,
    // §4.3.8 of RFC 9846: a share's group stands in supported_groups too, in the same order.
    key_share: Uint8Array.of(...group, 0, 1, 0),
    signature_algorithms: twoBytes(code(1)),
    supported_versions: twoBytes(code(2)),
    application_layer_protocol_negotiation: Uint8Array.of(2, ...twoBytes(code(3))),
    psk_key_exchange_modes: Uint8Array.of(0x0b + 0x1f * (index(4) >> 1)),
  };
  const extensions = (fields.extensions ?? []).map((each) => {
    const name = (Object.keys(values) as ExtensionName[]).find((known) => extensionIds[known] === each.type.id);
    const value = name && values[name];
    return value === undefined ? each : { ...each, data: withFirst(each.data, value, oneByteLists.has(each.type.id) ? 1 : 2) };
  });
  const first = code(5);
  // Another one than the first: no type stands twice.
  const second = 0x0a0a + 0x1010 * ((index(5) + 1 + (index(6) % 15)) % 16);
  return {
    ...fields,
    cipherSuites: [code(7), ...fields.cipherSuites],
    extensions: [meaningless(first, empty), ...extensions, meaningless(second, Uint8Array.of(0))],
  };
}

const oneByteLists: ReadonlySet<number> = new Set([extensionIds.supported_versions, extensionIds.psk_key_exchange_modes]);

function meaningless(id: number, data: Bytes): Extension {
  return { type: registered("extension", id), data };
}

function twoBytes(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/** @param lengthBytes of the list's own length, which has room: configs bound what they offer. */
function withFirst(list: Bytes, value: Uint8Array, lengthBytes: 1 | 2): Bytes {
  const length = list.length - lengthBytes + value.length;
  return concat([lengthBytes === 1 ? Uint8Array.of(length) : twoBytes(length), value, list.subarray(lengthBytes)]);
}

// ── Order ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The last one has content where any has: WebSphere 7 takes no hello whose last extension is empty. */
function permuted(extensions: readonly Extension[], random: Random): Extension[] {
  const order = [...extensions];
  const drawn = expectLength(random(4 * order.length), 4 * order.length, "random");
  const swap = (one: number, other: number): void => {
    const [first, second] = [order[one], order[other]];
    if (first !== undefined && second !== undefined) [order[one], order[other]] = [second, first];
  };
  // Of 32 random bits, so that no order is likelier than another by more than a millionth.
  const view = new DataView(drawn.buffer, drawn.byteOffset, drawn.byteLength);
  for (let last = order.length - 1; last > 0; last--) swap(last, view.getUint32(4 * last) % (last + 1));
  if (order.at(-1)?.data.length === 0)
    swap(
      order.length - 1,
      order.findLastIndex(({ data }) => data.length > 0),
    );
  return order;
}

// ── Length ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * RFC 7685 §4: some servers hang at a hello of 256 to 511 bytes, whose length they take for an SSLv2 header; it becomes one of
 * 512. `behind` stays the last (pre_shared_key), and counts.
 */
export function padded(fields: ClientHelloFields, behind: readonly Extension[], { padding }: Manners): ClientHelloFields {
  const before = fields.extensions ?? [];
  const whole = { ...fields, extensions: [...before, ...behind] };
  if (!padding) return whole;
  const { length } = encodeClientHello(whole);
  if (length < 256 || length > 511) return whole;
  // Its header has 4 bytes; an empty one would be an odd thing in the last place.
  const zeros = new Uint8Array(Math.max(1, 512 - 4 - length));
  return { ...fields, extensions: [...before, extension("padding", (writer) => writer.bytes(zeros)), ...behind] };
}
