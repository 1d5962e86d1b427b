// What a handshake and a record cost, counted: calls into cryptography, bytes copied, memory asked for. No clock, so that any machine
// and any load gives the same; a change that costs more shows here first, and says so by its number.
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Connection, CryptoProvider } from "@sallyport/core";
import { hash } from "../support/fake-provider.ts";
import { type Operation, Workshop } from "../support/faulty.ts";
import { converse, establishedPair, makePair, type PairOptions } from "../support/pair.ts";
import { seededCredential, seededNode } from "../support/seeded.ts";

afterEach(() => vi.unstubAllGlobals());

describe("calls into cryptography", () => {
  // The client's own share and random bytes are made before its first output, and not counted.
  test.each<readonly [string, PairOptions, { readonly client: string; readonly server: string }]>([
    [
      "a full handshake",
      {},
      {
        client: "complete 1, verify 1, hmac 20, create 1, clone 4, importSeal 2, importOpen 2, seal 1, open 2",
        server: "respond 1, sign 1, hmac 20, create 1, clone 4, importSeal 2, importOpen 2, seal 2, open 1, random 1",
      },
    ],
    [
      "one behind a HelloRetryRequest",
      { retry: true },
      {
        client: "start 1, complete 1, verify 1, hmac 20, create 2, clone 4, importSeal 2, importOpen 2, seal 1, open 2",
        server: "respond 1, sign 1, hmac 20, create 2, clone 4, importSeal 2, importOpen 2, seal 2, open 1, random 1",
      },
    ],
    [
      "one with a client's certificate",
      { clientAuth: true },
      {
        client: "complete 1, verify 1, hmac 20, create 1, clone 6, importSeal 2, importOpen 2, seal 2, open 2",
        server: "respond 1, sign 1, verify 1, hmac 20, create 1, clone 6, importSeal 2, importOpen 2, seal 2, open 2, random 1",
      },
    ],
    [
      "a resumed one, by a sealed ticket",
      { resumed: "sealed" },
      {
        client: "complete 1, hmac 24, create 1, clone 4, importSeal 2, importOpen 2, seal 1, open 2",
        server: "respond 1, hmac 29, create 1, clone 5, importSeal 3, importOpen 3, seal 3, open 2, random 3",
      },
    ],
    [
      "a full one of TLS 1.2",
      { version: "tls1.2" },
      {
        client: "respond 1, verify 1, hmac 12, create 1, clone 2, importSeal 1, importOpen 1, seal 1, open 1",
        server: "start 1, complete 1, sign 1, hmac 12, create 1, clone 2, importSeal 1, importOpen 1, seal 1, open 1, random 1",
      },
    ],
    [
      "a resumed one of TLS 1.2",
      { version: "tls1.2", resumed: "sealed" },
      {
        client: "hmac 8, create 1, clone 2, importSeal 1, importOpen 1, seal 1, open 1",
        server: "hmac 9, create 1, clone 2, importSeal 1, importOpen 2, seal 1, open 2, random 1",
      },
    ],
  ])("%s", (_, options, expected) => {
    expect(callsOf(options)).toEqual(expected);
  });
});

/** Of a handshake that is not a provider's first: what the key schedule has of the hash alone is made by that one. */
function callsOf(options: PairOptions): Readonly<Record<"client" | "server", string>> {
  const workshops = { client: new Workshop(), server: new Workshop() };
  const providers = new Map<string, CryptoProvider>();
  const provider = (seed: string): CryptoProvider => {
    const role = seed.endsWith("server") ? "server" : "client";
    const known = providers.get(role) ?? workshops[role].provider(seededNode(role));
    providers.set(role, known);
    return known;
  };
  const credentials = [workshops.server.credential(seededCredential("server"))] as const;
  const { resumed, ...first } = options;
  converse(makePair({ ...first, provider, server: { credentials } }));
  const pair = makePair({ ...options, provider, server: { credentials } });
  for (const workshop of [workshops.client, workshops.server]) workshop.armed = true;
  converse(pair);
  expect([pair.client.stage.kind, pair.server.stage.kind]).toEqual(["established", "established"]);
  return { client: said(workshops.client), server: said(workshops.server) };
}

function said({ calls }: Workshop): string {
  const counted: readonly Operation[] = [
    "start",
    "respond",
    "complete",
    "sign",
    "verify",
    "hmac",
    "create",
    "clone",
    "importSeal",
    "importOpen",
    "seal",
    "open",
    "random",
  ];
  return counted.flatMap((operation) => (calls.has(operation) ? [`${operation} ${calls.get(operation)}`] : [])).join(", ");
}

describe("records", () => {
  const mebibyte = 2 ** 20;

  test("what is sealed into a window is copied once, and asks for no memory", () => {
    const { sender } = plainPair();
    const counted = count(() => sendAll(sender, mebibyte));
    // The headers besides, and these tags.
    expect(counted.copied).toBeLessThan(1.002 * mebibyte);
    expect(counted.made).toBe(0);
    expect(counted.views / 64).toBeLessThanOrEqual(3);
  });

  test("what is opened from whole chunks is never copied", () => {
    const { sender, receiver } = plainPair();
    const chunks = sealed(sender, mebibyte);
    const counted = count(() => receiveAll(receiver, chunks));
    expect(counted.copied).toBe(0);
    expect(counted.made).toBe(0);
    expect(counted.views / 64).toBeLessThanOrEqual(4);
  });

  test("of chunks that end inside a record only that record is copied, for all of them in the same memory", () => {
    const { sender, receiver } = plainPair();
    const chunks = cut(Buffer.concat(sealed(sender, mebibyte)));
    const counted = count(() => receiveAll(receiver, chunks));
    // Of the first one what had arrived is copied once more, when its memory grows.
    expect(counted.copied).toBeLessThan((16_384 + 256) * (chunks.length + 1));
    expect(counted.made).toBeLessThanOrEqual(2);
  });

  test.each(["in their own place", "into fresh memory"] as const)("records opened %s stay as they were", (where) => {
    const { sender, receiver } = plainPair(where);
    const plaintext = Uint8Array.from({ length: mebibyte }, (_, at) => (at >> 10) ^ at);
    const window = new Uint8Array(mebibyte + 65_536);
    const sent = sender.sendInto(plaintext, window);
    const data: Uint8Array[] = [];
    for (const chunk of cut(window.subarray(0, sent.kind === "sent" ? sent.written : 0))) {
      const received = receiver.receive(chunk);
      data.push(...received.data);
    }
    expect(Buffer.concat(data).equals(plaintext)).toBe(true);
  });

  /** As a socket may: 64 KiB each. */
  function cut(stream: Uint8Array): readonly Uint8Array[] {
    return Array.from({ length: Math.ceil(stream.length / 65_536) }, (_, at) =>
      Uint8Array.from(stream.subarray(at * 65_536, (at + 1) * 65_536)),
    );
  }

  test("a byte costs the same behind 64 MiB as behind one", () => {
    const { sender, receiver } = plainPair();
    const pass = (): Counted => count(() => receiveAll(receiver, sealed(sender, mebibyte)));
    pass();
    const early = pass();
    for (let left = 62; left > 0; left--) receiveAll(receiver, sealed(sender, mebibyte));
    expect(pass()).toEqual(early);
  });
});

test("a handshake byte by byte asks for no other cryptography than one in one piece, and copies less than three times as much", () => {
  const whole = shake(Number.POSITIVE_INFINITY);
  const bytes = shake(1);
  expect(bytes.calls).toEqual(whole.calls);
  expect(bytes.copied).toBeLessThan(3 * whole.copied);
});

function shake(length: number): { readonly copied: number; readonly calls: unknown } {
  const workshop = new Workshop();
  const provider = (): CryptoProvider => workshop.provider(seededNode("both"));
  const pair = makePair({ provider });
  workshop.armed = true;
  let copied = 0;
  for (let turn = 0; turn < 10; turn++) {
    for (const [from, to] of [
      [pair.client, pair.server],
      [pair.server, pair.client],
    ] as const) {
      const bytes = from.take();
      for (let at = 0; at < bytes.length; at += length) {
        const piece = Uint8Array.from(bytes.subarray(at, Math.min(bytes.length, at + length)));
        const { stage } = to;
        if (stage.kind !== "needs-input") break;
        // What the side notes down is no work of the machine's.
        copied += count(() => to.hear(piece)).copied - 2 * piece.length;
      }
    }
  }
  expect(pair.server.stage.kind).toBe("established");
  return { copied, calls: Object.fromEntries(workshop.calls) };
}

test.each<readonly [string, PairOptions, Pick<Counted, "made" | "copied">]>([
  ["full", {}, { made: 92, copied: 4_700 }],
  ["resumed", { resumed: "sealed" }, { made: 120, copied: 7_700 }],
])("a server's %s handshake asks for memory and copies no more than it has to", (_, options, most) => {
  const { made, copied } = memoryOf(options);
  expect(made).toBeLessThanOrEqual(most.made);
  expect(copied).toBeLessThanOrEqual(most.copied);
});

/** At the server, its provider included. */
function memoryOf(options: PairOptions): Counted {
  const { client, server } = makePair(options);
  let sum: Counted = { made: 0, copied: 0, views: 0 };
  for (let turn = 0; turn < 3; turn++) {
    const flight = client.take();
    const counted = count(() => server.hear(flight));
    sum = { made: sum.made + counted.made, copied: sum.copied + counted.copied, views: sum.views + counted.views };
    client.hear(server.take());
  }
  expect(server.stage.kind).toBe("established");
  return sum;
}

interface Counted {
  /** Bytes, by `set`, `slice` and copying constructors. */
  readonly copied: number;
  /** Arrays with memory of their own. */
  readonly made: number;
  /** By `subarray`. */
  readonly views: number;
}

/** What `work` does with Uint8Arrays, by whatever code. */
function count(work: () => void): Counted {
  const Real = globalThis.Uint8Array;
  const counted = { copied: 0, made: 0, views: 0 };
  const { set, slice, subarray, fill } = Real.prototype;
  vi.stubGlobal(
    "Uint8Array",
    new Proxy(Real, {
      construct: (target, args: readonly unknown[]) => {
        if (!(args[0] instanceof ArrayBuffer)) counted.made += 1;
        return Reflect.construct(target, args);
      },
    }),
  );
  const patched: Pick<Uint8Array, "set" | "slice" | "subarray" | "fill"> = {
    set(this: Uint8Array, source, offset) {
      counted.copied += source.length;
      set.call(this, source, offset);
    },
    slice(this: Uint8Array, ...range) {
      const result = slice.apply(this, range);
      counted.copied += result.length;
      counted.made += 1;
      return result;
    },
    subarray(this: Uint8Array, ...range) {
      counted.views += 1;
      return subarray.apply(this, range);
    },
    fill,
  };
  Object.assign(Real.prototype, patched);
  try {
    work();
  } finally {
    // They are of the prototype behind it: as properties of its own they would hide that one from whoever comes next.
    for (const name of Object.keys(patched)) Reflect.deleteProperty(Real.prototype, name);
    vi.unstubAllGlobals();
  }
  return counted;
}

/** For what a provider makes of its own. */
const Uncounted = Uint8Array;

/** Established, and from then on nothing is encrypted: what is counted is core's own. */
function plainPair(opened: "in their own place" | "into fresh memory" = "into fresh memory"): {
  readonly sender: Connection;
  readonly receiver: Connection;
} {
  const tag = new Uint8Array(16);
  const provider = (seed: string): CryptoProvider => ({
    ...seededNode(seed),
    hashes: [hash("sha256", 32)],
    suites: [
      {
        name: "TLS_AES_128_GCM_SHA256",
        hash: "sha256",
        keyLength: 16,
        seal: () => ({
          seal: (_nonce, _header, { length }, target, offset) => target.set(tag, offset + length),
          destroy: () => {},
        }),
        open: () => ({
          open: (_nonce, _header, sealed) => {
            const content = sealed.subarray(0, sealed.length - tag.length);
            return opened === "into fresh memory" ? Uncounted.from(content) : content;
          },
          destroy: () => {},
        }),
      },
    ],
  });
  const {
    both: [receiver, sender],
  } = establishedPair({ provider });
  return { sender, receiver };
}

const piece = new Uint8Array(65_536).fill(7);
const window = new Uint8Array(4 * (16_384 + 256));

function sendAll(sender: Connection, bytes: number, take: (written: number) => void = () => {}): void {
  for (let left = bytes; left > 0; left -= piece.length) {
    const sent = sender.sendInto(piece, window);
    if (sent.kind !== "sent" || sent.taken !== piece.length) throw new Error(sent.kind, { cause: sent });
    take(sent.written);
  }
}
function sealed(sender: Connection, bytes: number): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  sendAll(sender, bytes, (written) => chunks.push(window.slice(0, written)));
  return chunks;
}
function receiveAll(receiver: Connection, chunks: readonly Uint8Array[]): void {
  for (const chunk of chunks) {
    const received = receiver.receive(chunk);
    if (received.kind !== "open") throw new Error(received.kind, { cause: received });
  }
}
