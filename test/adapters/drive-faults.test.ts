// What the loop makes of a transport, a caller and a load that misbehave: the result is told, and no alert is lost.
import type { ClientHello, ServerConfig, ServerStage } from "@sallyport/core";
import {
  budget,
  type DriveOptions,
  drive,
  refuse,
  type ServerAnswerers,
  type ServerDriven,
  type Transport,
} from "@sallyport/drive";
import { describe, expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import { bytes, established, failure, needsInput, stage, text } from "../support/scripted-stages.ts";
import { SimulatedTransport } from "../support/simulated-transport.ts";

const alert = (name: string): string => `a${String.fromCharCode(name.length)}${name}`;
const refused = (): ServerStage => failure("refused", "handshake_failure");

function run(
  start: ServerStage,
  options: Partial<DriveOptions> & { readonly clock?: VirtualClock } = {},
  accept: ServerAnswerers["accept"] = () => ({}) as ServerConfig,
  transport: SimulatedTransport = new SimulatedTransport(),
) {
  const all = { clock: new VirtualClock(), ...options };
  return { transport, clock: all.clock, driven: drive(transport, start, { accept }, all) };
}
async function failed(driven: Promise<ServerDriven>) {
  const result = await driven;
  if (result.kind !== "failed") throw new Error(result.kind);
  return result;
}

/** Some of its calls throw instead of rejecting. */
class Rude extends SimulatedTransport {
  readonly #throwing: readonly (keyof Transport)[];
  constructor(...throwing: readonly (keyof Transport)[]) {
    super();
    this.#throwing = throwing;
  }
  override read(): Promise<Uint8Array | undefined> {
    this.#polite("read");
    return super.read();
  }
  override write(data: Uint8Array): Promise<void> {
    this.#polite("write");
    return super.write(data);
  }
  override closeWrite(): Promise<void> {
    this.#polite("closeWrite");
    return super.closeWrite();
  }
  override destroy(): void {
    super.destroy();
    this.#polite("destroy");
  }
  #polite(call: keyof Transport): void {
    if (this.#throwing.includes(call)) throw new Error(`${call} threw`);
  }
}

describe("a transport that throws where it should reject", () => {
  test("in read: it is a reset", async () => {
    const { driven, clock } = run(
      needsInput(() => established()),
      {},
      undefined,
      new Rude("read"),
    );
    expect(await failed(driven)).toMatchObject({ failure: { error: { by: "reset" } }, peerEnd: "reset", delivery: "none-due" });
    expect(clock.pending).toBe(0);
  });

  test.each([["write"], ["closeWrite"]] as const)("in %s: the alert could not be delivered, and that is told", async (call) => {
    const { driven, clock } = run(refused(), {}, undefined, new Rude(call));
    expect(await failed(driven)).toMatchObject({ failure: { error: { kind: "refused" } }, delivery: "write-failed" });
    expect(clock.pending).toBe(0);
  });

  test("in destroy: the alert was delivered, and another connection that cuts it is none the worse", async () => {
    const shared = budget({ maxClosing: 1 });
    const cut = run(refused(), { budget: shared }, undefined, new Rude("destroy"));
    await settled();
    const { driven, transport } = run(refused(), { budget: shared });
    expect(await failed(cut.driven)).toMatchObject({ delivery: "cut" });
    expect(text(cut.transport.written)).toBe(alert("handshake_failure"));
    transport.end();
    expect(await failed(driven)).toMatchObject({ delivery: "peer-ended" });
    expect(shared.counts).toMatchObject({ failed: 2, cut: 1 });
  });
});

test("an onFailure that throws takes no alert away, and the promise tells all the same", async () => {
  const { driven, transport } = run(refused(), {
    onFailure: () => {
      throw new Error("a listener's own");
    },
  });
  await settled();
  transport.end();
  expect(await failed(driven)).toMatchObject({ failure: { error: { kind: "refused" } }, delivery: "peer-ended" });
  expect(text(transport.written)).toBe(alert("handshake_failure"));
});

describe("how the peer went", () => {
  /** Fails with `kind` on the first bytes. */
  const failing = (kind: string, due?: "decode_error"): ServerStage => needsInput(() => failure(kind, due));
  const { end, reset, stay } = {
    end: ({ transport }: ReturnType<typeof run>) => transport.end(),
    reset: ({ transport }: ReturnType<typeof run>) => transport.reset(),
    stay: ({ clock }: ReturnType<typeof run>) => void clock.advance(2_000),
  };
  test.each([
    ["an alert and then its end", "alert-received", undefined, end, "alert-then-end", "none-due"],
    ["close_notify in the handshake and then its end", "closed-early", undefined, end, "alert-then-end", "none-due"],
    ["an alert and then a reset", "alert-received", undefined, reset, "reset", "none-due"],
    ["an alert, and it stays", "alert-received", undefined, stay, "still-there", "none-due"],
    ["its end behind our alert", "refused", "decode_error", end, "end", "peer-ended"],
    ["a reset behind our alert", "refused", "decode_error", reset, "reset", "reset"],
    ["nothing, though our alert is there", "refused", "decode_error", stay, "still-there", "drain-timeout"],
  ] as const)("%s", async (_how, kind, due, leave, peerEnd, delivery) => {
    const ran = run(failing(kind, due));
    ran.transport.deliver(bytes("x"));
    await settled();
    leave(ran);
    expect(await failed(ran.driven)).toMatchObject({ failure: { error: { kind } }, peerEnd, delivery });
    expect(ran.clock.pending).toBe(0);
  });

  test("an end without any alert", async () => {
    const { driven, transport } = run(needsInput(() => established()));
    transport.end();
    expect(await failed(driven)).toMatchObject({ failure: { error: { kind: "truncated" } }, peerEnd: "end" });
  });
});

describe("a budget that is full", () => {
  const hello = (choose: () => ServerStage): ServerStage =>
    needsInput(() =>
      stage("accepted", {
        clientHello: {} as ClientHello,
        received: bytes("hello"),
        choose,
        reject: (description: "internal_error", reason: string) => failure(reason, description),
      }),
    );
  /** Handshakes that share a budget and a clock. */
  const load = (maxHandshakes: number) => {
    const shared = budget({ maxHandshakes });
    const clock = new VirtualClock();
    const begin = async (choose: () => ServerStage, accept?: ServerAnswerers["accept"]) => {
      const ran = run(hello(choose), { budget: shared, clock }, accept);
      ran.transport.deliver(bytes("hello"));
      for (let turn = 0; turn < 3; turn++) await clock.turn();
      return ran;
    };
    const stalled = (): ServerStage => needsInput(stalled);
    return {
      shared,
      clock,
      /** Its client has said hello, was answered, and must now say more. */
      stalls: () => begin(stalled),
      asks: (accept?: ServerAnswerers["accept"]) => begin(() => established(), accept),
    };
  };

  test("the oldest that waits for its client gives way to a new one, with its alert", async () => {
    const { shared, stalls, asks } = load(2);
    const [oldest, younger] = [await stalls(), await stalls()];
    expect(shared.handshakesInProgress).toBe(2);
    expect((await (await asks()).driven).kind).toBe("established");
    oldest.transport.end();
    expect(await failed(oldest.driven)).toMatchObject({
      failure: { error: { by: { alert: "internal_error", reason: expect.stringContaining("gave way") } } },
      delivery: "peer-ended",
    });
    expect(text(oldest.transport.written)).toBe(alert("internal_error"));
    expect(younger.transport.log).toEqual([]);
    expect(shared.counts).toEqual({ established: 1, failed: 1, passedThrough: 0, refused: 0, gaveWay: 1, cut: 0 });
    expect(shared.handshakesInProgress).toBe(1);
  });

  test("a client that trickles is not younger for it", async () => {
    const { clock, stalls, asks } = load(2);
    const [oldest, younger] = [await stalls(), await stalls()];
    oldest.transport.deliver(bytes("one more byte"));
    await clock.turn();
    expect((await (await asks()).driven).kind).toBe("established");
    oldest.transport.end();
    expect((await failed(oldest.driven)).failure.error.kind).toBe("aborted");
    expect(younger.transport.log).toEqual([]);
  });

  test("those that we owe something stay, and the new one is refused", async () => {
    const { shared, asks } = load(1);
    const owed = await asks(() => new Promise(() => {}));
    const { driven, transport } = await asks();
    transport.end();
    expect(await failed(driven)).toMatchObject({ failure: { error: { by: { reason: expect.stringContaining("overload") } } } });
    expect(owed.transport.log).toEqual([]);
    expect(shared.counts).toMatchObject({ refused: 1, gaveWay: 0, failed: 1 });
  });

  test("accept can look at the budget, and refuse for load by itself", async () => {
    const { shared, stalls, asks } = load(10);
    for (let other = 0; other < 3; other++) await stalls();
    const { driven, transport } = await asks(() =>
      shared.handshakesInProgress > 3 ? refuse("internal_error", "load") : ({} as ServerConfig),
    );
    transport.end();
    expect(await failed(driven)).toMatchObject({ failure: { error: { kind: "load" } } });
  });
});
