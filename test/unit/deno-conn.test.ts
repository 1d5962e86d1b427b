// Deno.Conn's ways over plain chunks, and plain chunks over a Deno.Conn: whatever its user or the Conn does.
import { describe, expect, test } from "vitest";
import { ByteConn } from "../../packages/deno/src/byte-conn.ts";
import { type Conn, ConnTransport } from "../../packages/deno/src/conn-transport.ts";

const under = (chunks: string[]): ConstructorParameters<typeof ByteConn>[0] => ({
  read: async () => {
    await new Promise((soon) => setTimeout(soon, 1));
    const next = chunks.shift();
    return next === undefined ? undefined : new TextEncoder().encode(next);
  },
  write: async () => {},
  closeWrite: async () => {},
  close: () => {},
});
const plain = {} as Conn; // only its addresses are asked for

describe("ByteConn", () => {
  test("reads that are begun together get every byte once, in their order", async () => {
    const conn = new ByteConn(under(["abc", "de", "f"]), plain);
    const targets = Array.from({ length: 8 }, () => new Uint8Array(1));
    const lengths = await Promise.all(targets.map((target) => conn.read(target)));
    expect(lengths).toEqual([1, 1, 1, 1, 1, 1, null, null]);
    expect(Buffer.concat(targets).toString("latin1", 0, 6)).toBe("abcdef");
  });

  test("a read that fails fails alone: the next one asks again", async () => {
    let fails = true;
    const conn = new ByteConn(
      {
        ...under(["a"]),
        read: async () => {
          if (!fails) return Uint8Array.of(7);
          fails = false;
          throw new Error("broken");
        },
      },
      plain,
    );
    const [first, second] = await Promise.allSettled([conn.read(new Uint8Array(1)), conn.read(new Uint8Array(1))]);
    expect(first.status).toBe("rejected");
    expect(second).toEqual({ status: "fulfilled", value: 1 });
  });

  test("what a read left over is what `readable` begins with", async () => {
    const conn = new ByteConn(under(["abc", "d"]), plain);
    await conn.read(new Uint8Array(1));
    const rest: Uint8Array[] = [];
    for await (const chunk of conn.readable) rest.push(chunk);
    expect(Buffer.concat(rest).toString()).toBe("bcd");
  });
});

describe("ConnTransport", () => {
  const writing = (...counts: number[]): ConnTransport =>
    new ConnTransport({ ...plain, write: async (data: Uint8Array) => Math.min(counts.shift() ?? 0, data.length) });

  test("writes on where a short write ended", async () => {
    await expect(writing(1, 3, 9).write(new Uint8Array(10))).resolves.toBeUndefined();
  });

  test("a Conn that takes nothing is broken, and not asked for ever", async () => {
    await expect(writing(4, 0).write(new Uint8Array(10))).rejects.toThrow("takes no bytes");
  });
});
