// Whatever is written behind a handshake's last flight, in whatever turns, over a transport however slow.
import { fc, test as property } from "@fast-check/vitest";
import { drive, type TlsStream } from "@sallyport/drive";
import { describe, expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import { server } from "../support/endpoints.ts";
import { bytes, established, ScriptedConnection, text } from "../support/scripted-stages.ts";
import { SimulatedTransport } from "../support/simulated-transport.ts";

/** Lengths of a write's pieces; or what is done between the writes. */
type Act = readonly number[] | "key update" | "transport takes" | "promises settle" | "turn ends";

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(0, 1, 99, 100, 101, 17_000, 66_000), { minLength: 1, maxLength: 3 }) },
  { weight: 3, arbitrary: fc.constantFrom("key update", "transport takes", "promises settle", "turn ends") },
);

/** What the peer sees: a letter for each byte of data, `K` and `C` for a key update and a close. */
function heard(wire: string): string {
  let seen = "";
  for (let at = 0; at < wire.length; ) {
    const length = wire.charCodeAt(at + 1);
    seen += wire[at] === "d" ? wire.slice(at + 2, at + 2 + length) : (wire[at] ?? "").toUpperCase();
    at += 2 + length;
  }
  return seen;
}

async function openStream(transport: SimulatedTransport, clock: VirtualClock): Promise<TlsStream> {
  const flight = bytes("a\bfinished");
  const driven = await drive(transport, established(new ScriptedConnection(), flight), { accept: () => server() }, { clock });
  if (driven.kind !== "established") throw new Error(driven.kind);
  return driven.stream;
}

describe.each(["promises", "direct"] as const)("over a transport of %s", (manner) => {
  property.prop([fc.array(act, { maxLength: 12 }), fc.boolean()], { numRuns: 50 })(
    "all that is written comes in its order, and settles once, when the transport took it",
    async (acts, stalls) => {
      const clock = new VirtualClock();
      const transport = new SimulatedTransport(manner);
      if (stalls) transport.stallWrites();
      const stream = await openStream(transport, clock);
      let taken = 0;
      const take = (): void => {
        taken = transport.writes.length;
        transport.takeOneWrite();
      };
      let said = "A";
      const settledAt: string[] = [];
      const problems: string[] = [];
      const settle = (index: number, promised: string): void => {
        if (settledAt[index] !== undefined) problems.push(`${index} twice`);
        const writes = stalls ? transport.writes.slice(0, taken) : transport.writes;
        settledAt[index] = promised;
        const arrived = heard(writes.map((bytes) => text(bytes)).join(""));
        if (!arrived.startsWith(promised)) problems.push(`${index}: ${promised.length} promised, ${arrived.length} taken`);
      };
      let calls = 0;
      for (const [at, what] of acts.entries()) {
        if (what === "transport takes") take();
        else if (what === "promises settle") await settled();
        else if (what === "turn ends") await clock.turn();
        else {
          const index = calls++;
          const pieces = what === "key update" ? [] : what.map((length) => new Uint8Array(length).fill(97 + at));
          said += what === "key update" ? "K" : pieces.map((piece) => text(piece)).join("");
          const promised = said;
          if (what === "key update") void stream.updateKeys().then(() => settle(index, promised));
          else
            stream.writeThen(pieces, { written: () => settle(index, promised), failed: (cause) => problems.push(String(cause)) });
        }
      }
      const closed = stream.closeWrite();
      for (let writes = -1; writes < transport.writes.length; ) {
        await clock.turn();
        writes = transport.writes.length;
        take();
        await settled();
      }
      await closed;
      expect(problems).toEqual([]);
      expect(heard(text(transport.written) ?? "")).toBe(`${said}C`);
      expect(settledAt.filter((promised) => promised !== undefined)).toHaveLength(calls);
    },
  );
});

test("twenty thousand calls that come to nothing, behind a short one, settle all", async () => {
  const transport = new SimulatedTransport("direct");
  const connection = new ScriptedConnection();
  connection.updateKeys = () => {
    throw new Error("not in TLS 1.2");
  };
  const driven = await drive(transport, established(connection), { accept: () => server() }, { clock: new VirtualClock() });
  if (driven.kind !== "established") throw new Error(driven.kind);
  const { stream } = driven;
  const written = stream.write(bytes("x"));
  const updates = Array.from({ length: 20_000 }, () => stream.updateKeys());
  await written;
  const outcomes = await Promise.allSettled(updates);
  expect(outcomes.every(({ status }) => status === "rejected")).toBe(true);
  await stream.closeWrite();
  expect(heard(text(transport.written) ?? "")).toBe("xC");
}, 10_000);
