import type { ClientHello, ServerConfig, ServerStage } from "@sallyport/core";
import {
  type Budget,
  budget,
  drive,
  type DriveOptions,
  passthrough,
  refuse,
  type ServerAnswerers,
  type ServerDriven,
  type TlsStream,
  WriteSideClosed,
} from "@sallyport/drive";
import { describe, expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import {
  bytes,
  established,
  failure,
  needsInput,
  ScriptedConnection,
  ScriptedError,
  stage,
  text,
} from "../support/scripted-stages.ts";
import { SimulatedTransport } from "../support/simulated-transport.ts";

const config = {} as ServerConfig;
const clientHello = { serverName: "a.example" } as ClientHello;
const alert = (name: string): string => `a${String.fromCharCode(name.length)}${name}`;
const data = (payload: string): string => `d${String.fromCharCode(payload.length)}${payload}`;

function run(
  start: ServerStage,
  accept: ServerAnswerers["accept"] = () => config,
  options: Partial<DriveOptions> = {},
  transport = new SimulatedTransport(),
) {
  const clock = new VirtualClock();
  const state: { driven?: ServerDriven } = {};
  const driven = drive(transport, start, { accept }, { clock, ...options }).then((result) => {
    state.driven = result;
    return result;
  });
  return { transport, clock, state, driven };
}

const doorStage = (choose: () => ServerStage = () => established()): ServerStage =>
  stage("accepted", {
    clientHello,
    received: bytes("hello"),
    choose,
    reject: (description: "access_denied", reason: string) => failure(reason, description),
  });
const door = (choose?: () => ServerStage): ServerStage => needsInput(() => doorStage(choose));

async function openStream(
  connection = new ScriptedConnection(),
  options: Partial<DriveOptions> = {},
  transport?: SimulatedTransport,
) {
  const ran = run(established(connection), undefined, options, transport);
  const driven = await ran.driven;
  if (driven.kind !== "established") throw new Error(driven.kind);
  const closing: { value?: Awaited<TlsStream["closed"]> } = {};
  void driven.stream.closed.then((value) => {
    closing.value = value;
  });
  return { ...ran, stream: driven.stream, closing };
}

describe("the handshake loop", () => {
  test("every output is written, in order, before the next stage is looked at; the last one at the end of its turn", async () => {
    const end = { outcome: "accepted", next: () => established(undefined, bytes("three")) };
    const { transport, clock, driven } = run(needsInput(() => stage("early-data-end", end, bytes("two")), bytes("one")));
    await settled();
    expect(text(transport.written)).toBe("one");
    transport.deliver(bytes("x"));
    expect(await driven).toMatchObject({ kind: "established", earlyData: "accepted" });
    await settled();
    expect(text(transport.written)).toBe("onetwo");
    await clock.turn();
    expect(text(transport.written)).toBe("onetwothree");
  });

  describe("the last output goes", () => {
    const close = "c\0";
    const last = (): ReturnType<typeof run> => run(established(new ScriptedConnection(), bytes("finished")));
    const stream = async ({ driven }: ReturnType<typeof run>): Promise<TlsStream> => {
      const done = await driven;
      if (done.kind !== "established") throw new Error(done.kind);
      return done.stream;
    };

    test("in one write with what is written at once, and with the close behind it", async () => {
      const ran = last();
      const open = await stream(ran);
      await Promise.all([open.write(bytes("x")), open.closeWrite()]);
      expect(ran.transport.writes.map(text)).toEqual([`finished${data("x")}${close}`]);
    });

    test("before all that comes behind its turn", async () => {
      const ran = last();
      const open = await stream(ran);
      await ran.clock.turn();
      await open.write(bytes("x"));
      expect(ran.transport.writes.map(text)).toEqual(["finished", data("x")]);
    });

    test("alone, and at once, where the clock has no turns", async () => {
      const { transport, driven } = run(established(new ScriptedConnection(), bytes("finished")), undefined, {
        clock: { after: () => () => {} },
      });
      await driven;
      await settled();
      expect(text(transport.written)).toBe("finished");
    });

    test.each<readonly [string, (open: TlsStream) => Promise<unknown>, string]>([
      ["is aborted", (open) => open.abort("cancelled"), `finished${alert("user_canceled")}`],
      ["ends", (open) => open.closeWrite(), `finished${close}`],
      ["goes on elsewhere", (open) => open.extractSecrets(), "finished"],
    ])("first where the connection %s in the same turn", async (_, end, written) => {
      const ran = last();
      void end(await stream(ran)).catch(() => {});
      await settled();
      expect(text(ran.transport.written)).toBe(written);
    });

    test("nowhere where the transport breaks, and what is written with it fails", async () => {
      const ran = last();
      const open = await stream(ran);
      ran.transport.failWrites();
      await expect(open.write(bytes("x"))).rejects.toThrow("EPIPE");
      await ran.clock.turn();
      expect(text(ran.transport.written)).toBe("");
    });
  });

  test("no step is fed more than 64 KiB, whatever the transport delivers", async () => {
    const sizes: number[] = [];
    const eat = (): ServerStage =>
      needsInput((chunk) => {
        sizes.push(chunk.length);
        return sizes.length === 3 ? established() : eat();
      });
    const { transport, driven } = run(eat());
    transport.deliver(new Uint8Array(150_000));
    await driven;
    expect(sizes).toEqual([65_536, 65_536, 18_928]);
  });

  const signal = expect.any(AbortSignal);
  /** `gives(value)` is an answerer, `next` what the answer is handed to; both tell what they were called with. */
  type Gives = (value: unknown) => (...args: unknown[]) => Promise<unknown>;
  type Members = (gives: Gives, next: (answer: unknown) => ServerStage) => object;
  const pauses: readonly (readonly [kind: string, members: Members, seen: readonly unknown[]])[] = [
    [
      "needs-session",
      (gives, resume) => ({
        candidates: [
          { index: 0, id: "p" },
          { index: 2, id: "q" },
        ],
        store: { findAsync: gives([undefined, "s"]) },
        resume,
      }),
      [["p", "q"], signal, [{ index: 2, state: "s" }]],
    ],
    ["needs-session", (gives, resume) => ({ key: "k", store: { takeAsync: gives("s") }, resume }), ["k", signal, "s"]],
    [
      "needs-single-use",
      (gives, answer) => ({ key: "k", forgetAfterMs: 5, singleUse: { useAsync: gives("fresh") }, answer }),
      ["k", 5, signal, "fresh"],
    ],
    [
      "needs-credential",
      (gives, present) => ({ request: "r", picker: { pickAsync: gives(undefined) }, present }),
      ["r", signal, undefined],
    ],
    [
      "needs-signature",
      (gives, provide) => ({ scheme: "ed25519", message: "m", key: { signAsync: gives("s") }, provide }),
      ["ed25519", "m", signal, "s"],
    ],
    [
      "needs-signature-check",
      (gives, answer) => ({
        check: { publicKey: "p", message: "m", signature: "s" },
        verification: { verifyAsync: gives(true) },
        answer,
      }),
      ["p", "m", "s", signal, true],
    ],
    [
      "needs-verdict",
      (gives, trust) => ({ presented: "p", verifier: { verifyAsync: gives({ names: [] }) }, trust }),
      ["p", signal, { names: [] }],
    ],
    [
      "needs-key-shares",
      (gives, provide) => ({ groups: [{ name: "x25519", startAsync: gives({ share: "s", key: "k" }) }], provide }),
      [signal, [{ group: "x25519", share: "s", key: "k" }]],
    ],
    [
      "needs-secret",
      (gives, provide) => ({ group: { completeAsync: gives("secret") }, started: { key: "k" }, peerShare: "p", provide }),
      ["k", "p", signal, { secret: "secret" }],
    ],
    [
      "needs-secret",
      (gives, provide) => ({ group: { respondAsync: gives(undefined) }, started: undefined, peerShare: "p", provide }),
      ["p", signal, undefined],
    ],
    ["early-data", (_gives, next) => ({ data: { replayable: bytes("x") }, next: () => next("went on") }), ["went on"]],
  ];
  test.each(pauses)("%s is answered by the object that the stage carries", async (kind, members, expected) => {
    const seen: unknown[] = [];
    const gives: Gives =
      (value) =>
      async (...args) => {
        seen.push(...args);
        return value;
      };
    const next = (answer: unknown): ServerStage => {
      seen.push(answer);
      return established();
    };
    const { driven } = run(stage(kind, members(gives, next)));
    expect((await driven).kind).toBe("established");
    expect(seen).toEqual(expected);
  });

  test("a verdict with a reason is distrust", async () => {
    const { driven, transport } = run(
      stage("needs-verdict", {
        presented: "p",
        verifier: { verifyAsync: async () => ({ reason: "expired" }) },
        distrust: ({ reason }: { reason: string }) => failure(reason, "certificate_expired"),
      }),
    );
    await settled();
    transport.end();
    expect(await driven).toMatchObject({ kind: "failed", failure: { error: { kind: "expired" } }, delivery: "peer-ended" });
    expect(text(transport.written)).toBe(alert("certificate_expired"));
  });
});

describe("the front door", () => {
  test("a config is chosen, synchronously or later", async () => {
    for (const accept of [() => config, async () => config]) {
      const { transport, driven } = run(door(), accept);
      transport.deliver(bytes("hello"));
      expect((await driven).kind).toBe("established");
    }
  });

  test("a refusal sends its alert, and the result tells the hello", async () => {
    const { transport, driven } = run(door(), () => refuse("access_denied", "not you"));
    transport.deliver(bytes("hello"));
    await settled();
    transport.end();
    expect(await driven).toMatchObject({ clientHello, delivery: "peer-ended", failure: { error: { kind: "not you" } } });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("database gone");
      },
    ],
    ["rejects", () => Promise.reject(new Error("database gone"))],
  ])("an accept that %s is internal_error, with the cause kept", async (_how, accept) => {
    const { transport, driven } = run(door(), accept);
    transport.deliver(bytes("hello"));
    await settled();
    transport.end();
    expect(await driven).toMatchObject({ failure: { error: { cause: { message: "database gone" } } } });
    expect(text(transport.written)).toBe(alert("internal_error"));
  });

  test("an accept that answers nonsense is internal_error", async () => {
    const { transport, driven } = run(door(), () => undefined as unknown as ServerConfig);
    transport.deliver(bytes("hello"));
    await settled();
    transport.end();
    expect(await driven).toMatchObject({ failure: { error: { by: { alert: "internal_error" } } } });
  });

  test("a process that stood still loses a quarter of a handshake's time, and not the handshake", async () => {
    let due: (() => void) | undefined;
    const clock = {
      after(_ms: number, call: () => void): () => void {
        due = call;
        return () => {
          due = undefined;
        };
      },
    };
    const stall = (): void => due?.(); // its timer comes before the input that waits
    const patient = run(
      needsInput(() => established()),
      undefined,
      { clock },
    );
    for (let stalls = 0; stalls < 3; stalls++) stall();
    patient.transport.deliver(bytes("x"));
    expect(await patient.driven).toMatchObject({ kind: "established" });
    expect(due).toBe(undefined);

    const { transport, driven } = run(
      needsInput(() => established()),
      undefined,
      { clock },
    );
    for (let stalls = 0; stalls < 4; stalls++) stall();
    await settled();
    transport.end();
    expect(await driven).toMatchObject({ failure: { error: { by: "timeout" } } });
  });

  test("an accept that never settles ends with the timeout and its alert, and its signal fires", async () => {
    let fired = false;
    const { transport, clock, driven } = run(
      door(),
      (_hello, signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            fired = true;
          });
        }),
    );
    transport.deliver(bytes("hello"));
    await clock.advance(9_999);
    expect(fired).toBe(false);
    await clock.advance(1);
    expect(fired).toBe(true);
    expect(text(transport.written)).toBe(alert("user_canceled"));
    transport.end();
    expect(await driven).toMatchObject({ failure: { error: { by: "timeout" } }, delivery: "peer-ended" });
    expect(clock.pending).toBe(0);
  });

  test("a late answer changes nothing, whether it comes or throws", async () => {
    for (const comes of [true, false]) {
      let settle = (): void => {};
      const { transport, clock, driven } = run(
        door(() => failure("aborted", undefined)),
        () =>
          new Promise((resolve, reject) => {
            settle = () => (comes ? resolve(config) : reject(new Error("late")));
          }),
      );
      transport.deliver(bytes("hello"));
      await clock.advance(10_000);
      transport.end();
      await driven;
      const before = transport.log.length;
      settle();
      await settled();
      expect(transport.log.length).toBe(before);
    }
  });

  test("passthrough gives back all that was read, and the read that is under way", async () => {
    let decide = (): void => {};
    const { transport, clock, driven } = run(
      door(),
      () =>
        new Promise((resolve) => {
          decide = () => resolve(passthrough);
        }),
    );
    transport.deliver(bytes("hello"));
    await settled();
    transport.deliver(bytes(" and more"));
    await settled();
    decide();
    const driven1 = await driven;
    if (driven1.kind !== "passthrough") throw new Error(driven1.kind);
    expect(text(driven1.received)).toBe("hello and more");
    expect(driven1.clientHello).toBe(clientHello);
    transport.deliver(bytes("late"));
    expect(text(await driven1.transport.read())).toBe("late");
    transport.deliver(bytes("later"));
    expect(text(await driven1.transport.read())).toBe("later");
    await driven1.transport.write(bytes("back"));
    expect(text(transport.written)).toBe("back");
    expect(clock.pending).toBe(0);
  });

  test("a chunk that arrives together with the answer passthrough is not lost", async () => {
    let decide = (): void => {};
    const { transport, driven } = run(
      door(),
      () =>
        new Promise((resolve) => {
          decide = () => resolve(passthrough);
        }),
    );
    transport.deliver(bytes("hello"));
    await settled();
    decide();
    transport.deliver(bytes("late"));
    const result = await driven;
    if (result.kind !== "passthrough") throw new Error(result.kind);
    const rest = text(result.received) === "hello" ? text(await result.transport.read()) : "late";
    expect(rest).toBe("late");
  });

  test("passthrough tells an end that was seen already", async () => {
    const { transport, driven } = run(door(), () => settled().then(() => passthrough));
    transport.deliver(bytes("hello"));
    transport.end();
    const result = await driven;
    if (result.kind !== "passthrough") throw new Error(result.kind);
    expect(await result.transport.read()).toBeUndefined();
  });
});

describe("while a stage waits", () => {
  const signAsync = (_scheme: unknown, _message: unknown, signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
  const forEver = (): ServerStage => stage("needs-signature", { key: { signAsync } });

  test("a chunk that the transport lends is held as it came", async () => {
    const heard: (string | undefined)[] = [];
    const start = needsInput((chunk) => {
      heard.push(text(chunk));
      return doorStage();
    });
    let answer: (config: ServerConfig) => void = () => {};
    const accept = (): Promise<ServerConfig> =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const { transport, driven } = run(start, accept, {}, new SimulatedTransport("lends"));
    transport.deliver(bytes("hello"));
    await settled();
    transport.deliver(bytes(data("early")));
    await settled();
    answer(config);
    const result = await driven;
    expect(heard).toEqual(["hello"]);
    if (result.kind !== "established") throw new Error(result.kind);
    expect(text(await result.stream.read())).toBe("early");
  });

  test("at most 64 KiB are held, then the transport is not read", async () => {
    const { transport } = run(forEver());
    for (let chunk = 0; chunk < 8; chunk++) transport.deliver(new Uint8Array(16_384));
    await settled();
    expect(transport.unread).toBe(4 * 16_384);
    expect(transport.readsUnderWay).toBe(0);
  });

  test("an orderly end is remembered for the step that reads next", async () => {
    let sign = (): void => {};
    const { transport, driven } = run(
      stage("needs-signature", {
        key: {
          signAsync: () =>
            new Promise<void>((resolve) => {
              sign = resolve;
            }),
        },
        provide: () => needsInput(() => established()),
      }),
    );
    transport.end();
    await settled();
    sign();
    expect(await driven).toMatchObject({ failure: { error: { kind: "truncated" } }, delivery: "none-due" });
  });

  test("a reset aborts at once, and fires the signal", async () => {
    const { transport, driven, clock } = run(forEver());
    transport.reset();
    expect(await driven).toMatchObject({ failure: { error: { by: "reset" } }, delivery: "none-due" });
    expect(transport.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test("a reset behind bytes that tell why does not hide them", async () => {
    const { transport, driven } = run(needsInput(() => failure("alert-received", undefined)));
    transport.deliver(bytes("alert"));
    await settled();
    transport.reset();
    expect(await driven).toMatchObject({ failure: { error: { kind: "alert-received" } } });
  });

  test("the caller's signal cancels with its alert, before and during the handshake", async () => {
    const before = run(forEver(), undefined, { signal: AbortSignal.abort() });
    const controller = new AbortController();
    const during = run(forEver(), undefined, { signal: controller.signal });
    await settled();
    controller.abort();
    for (const { transport, driven } of [before, during]) {
      await settled();
      expect(text(transport.written)).toBe(alert("user_canceled"));
      transport.end();
      expect(await driven).toMatchObject({ failure: { error: { by: "cancelled" } } });
    }
  });

  test("the caller's signal means nothing to an established stream", async () => {
    const controller = new AbortController();
    const { transport, stream } = await openStream(undefined, { signal: controller.signal });
    controller.abort();
    await stream.write(bytes("still here"));
    expect(text(transport.written)).toBe(data("still here"));
  });

  test("a write that fails in the handshake does not end reading", async () => {
    const { transport, driven } = run(needsInput(() => failure("alert-received", undefined), bytes("hello")));
    transport.failWrites();
    await settled();
    expect(transport.destroyed).toBe(false);
    transport.deliver(bytes("alert"));
    expect(await driven).toMatchObject({ failure: { error: { kind: "alert-received" } } });
  });
});

describe("delivery of an alert", () => {
  const refused = (output?: string): ServerStage => {
    const end = failure("refused", "handshake_failure");
    return output === undefined ? end : stage("failed", { ...end, output: bytes(output) });
  };
  test("alert, half-close, read to the peer's end, and only then destroy", async () => {
    const { transport, clock, driven } = run(refused());
    await settled();
    expect(transport.log).toEqual(["write 19", "closeWrite"]);
    transport.deliver(new Uint8Array(300 * 1024));
    await clock.advance(1_000);
    expect(transport.destroyed).toBe(false);
    expect(transport.unread).toBe(0);
    transport.end();
    expect(await driven).toMatchObject({ delivery: "peer-ended" });
    expect(transport.log).toEqual(["write 19", "closeWrite", "destroy"]);
    expect(clock.pending).toBe(0);
  });
  test("a peer that stays is left after 2 s", async () => {
    const { transport, clock, driven } = run(refused());
    await clock.advance(1_999);
    expect(transport.destroyed).toBe(false);
    await clock.advance(1);
    expect(await driven).toMatchObject({ delivery: "drain-timeout" });
  });
  test("after 1 MiB nothing more is read, but the socket stays open until 2 s are over", async () => {
    const { transport, clock, driven } = run(refused());
    for (let chunk = 0; chunk < 40; chunk++) transport.deliver(new Uint8Array(64 * 1024));
    await clock.advance(1_999);
    expect(transport.destroyed).toBe(false);
    expect(transport.unread).toBeGreaterThan(1_400_000);
    await clock.advance(1);
    expect(await driven).toMatchObject({ delivery: "drain-bytes" });
  });
  test("a reset, and a write that fails, are told apart", async () => {
    const reset = run(refused());
    await settled();
    reset.transport.reset();
    expect(await reset.driven).toMatchObject({ delivery: "reset" });
    const broken = run(refused());
    broken.transport.failWrites();
    expect(await broken.driven).toMatchObject({ delivery: "write-failed" });
  });
  test("an alert that the transport does not take in 2 s does not hold the socket, and is drained behind meanwhile", async () => {
    const { transport, clock, driven } = run(refused());
    transport.stallWrites();
    transport.deliver(new Uint8Array(1000));
    await clock.advance(2_000);
    expect(transport.unread).toBe(0);
    expect(await driven).toMatchObject({ delivery: "drain-timeout" });
  });
  test("where the runtime has no half-close the alert is written, and the whole closed behind the drain", async () => {
    const { transport, driven } = run(refused());
    transport.halfCloses = false;
    await settled();
    transport.end();
    expect(await driven).toMatchObject({ delivery: "peer-ended" });
    expect(transport.log).toEqual(["write 19", "destroy"]);
  });
  test("the oldest of too many closing sockets is cut first", async () => {
    const shared = budget({ maxClosing: 2 });
    const [first, second, third] = [1, 2, 3].map(() => run(refused(), undefined, { budget: shared }));
    expect(await first?.driven).toMatchObject({ delivery: "cut" });
    expect(shared.closing).toBe(2);
    second?.transport.end();
    third?.transport.end();
    await Promise.all([second?.driven, third?.driven]);
    expect(shared.closing).toBe(0);
  });
  test("onFailure comes at once, the promise behind the delivery", async () => {
    const failures: string[] = [];
    const { transport, driven, state } = run(refused(), undefined, { onFailure: ({ error }) => failures.push(error.kind) });
    await settled();
    expect(failures).toEqual(["refused"]);
    expect(state.driven).toBeUndefined();
    transport.end();
    await driven;
  });
});

describe("the budget of handshakes", () => {
  const waiting = (shared: Budget) => run(door(), () => new Promise(() => {}), { budget: shared });
  test("one too many is refused with internal_error, and a place is free again when one ends", async () => {
    const shared = budget({ maxHandshakes: 1 });
    const first = waiting(shared);
    first.transport.deliver(bytes("hello"));
    await settled();
    expect(shared.handshakesInProgress).toBe(1);
    const second = waiting(shared);
    second.transport.deliver(bytes("hello"));
    await settled();
    expect(text(second.transport.written)).toBe(alert("internal_error"));
    second.transport.end();
    await second.driven;
    first.transport.reset();
    await first.driven;
    expect(shared.handshakesInProgress).toBe(0);
  });
  test("silent connections take no place", async () => {
    const shared = budget({ maxHandshakes: 1 });
    for (let silent = 0; silent < 5; silent++) waiting(shared);
    const { transport, driven } = run(door(), undefined, { budget: shared });
    transport.deliver(bytes("hello"));
    expect((await driven).kind).toBe("established");
  });
  test("two handshakes do their public-key work in two turns of the event loop", async () => {
    const shared = budget();
    const clock = new VirtualClock();
    let chosen = 0;
    for (let handshake = 0; handshake < 3; handshake++) {
      const choose = (): ServerStage => {
        chosen += 1;
        return established();
      };
      const { transport } = run(door(choose), undefined, { budget: shared, clock });
      transport.deliver(bytes("hello"));
    }
    await settled();
    for (const count of [1, 2, 3]) {
      expect(chosen).toBe(count);
      await clock.turn();
    }
  });
});

describe("the stream", () => {
  test("gives data, then undefined for close_notify", async () => {
    const { transport, stream } = await openStream();
    transport.deliver(bytes(data("x".repeat(250)).repeat(4) + data("y".repeat(250))));
    expect(text(await stream.read())).toBe("x".repeat(1000));
    expect(text(stream.take())).toBe("y".repeat(250));
    expect(stream.take()).toBeUndefined();
    const next = stream.read();
    transport.deliver(bytes("c\0"));
    expect(await next).toBeUndefined();
    expect(await stream.read()).toBeUndefined();
  });

  test("a bare end is a truncation, told behind the data that came before it", async () => {
    const { transport, stream } = await openStream();
    transport.deliver(bytes(data("half")));
    transport.end();
    expect(text(await stream.read())).toBe("half");
    await expect(stream.read()).rejects.toMatchObject({ kind: "truncated" });
    expect(await stream.closed).toMatchObject({ error: { kind: "truncated" }, delivery: "none-due" });
  });

  test("a broken record fails the reader, the writers and the stream, and its alert goes out", async () => {
    const { transport, stream } = await openStream();
    const read = stream.read();
    transport.deliver(bytes(`${data("good")}x\0`));
    expect(text(await read)).toBe("good");
    await expect(stream.read()).rejects.toMatchObject({ kind: "bad-record-mac" });
    await expect(stream.write(bytes("late"))).rejects.toMatchObject({ kind: "bad-record-mac" });
    transport.end();
    expect(await stream.closed).toMatchObject({ error: { kind: "bad-record-mac" }, delivery: "peer-ended" });
    expect(text(transport.written)).toBe(alert("bad_record_mac"));
  });

  test("of a chunk that the transport lends nothing is looked at later, though data that waits was opened in it", async () => {
    const connection = new ScriptedConnection();
    connection.receive = (chunk) => connection.open([chunk.subarray(0, 700), chunk.subarray(700)]);
    const { transport, stream } = await openStream(connection, undefined, new SimulatedTransport("lends"));
    transport.deliver(new Uint8Array(1400).fill(120));
    await settled();
    expect(text(await stream.read())).toBe("x".repeat(700));
    expect(text(stream.take())).toBe("x".repeat(700));
  });

  test("a waiter is told once: of data, of the end, and of a failure", async () => {
    const { transport, stream } = await openStream();
    let told = 0;
    const waiter = { arrival: () => void told++ };
    stream.wait(waiter);
    expect(told).toBe(0);
    transport.deliver(bytes(data("a") + data("b")));
    await settled();
    expect([told, text(stream.take()), stream.readEnd]).toEqual([1, "ab", undefined]);
    transport.deliver(bytes(data("c")));
    await settled();
    expect(told).toBe(1);
    stream.wait(waiter);
    expect([told, text(stream.take())]).toEqual([2, "c"]);
    stream.wait(waiter);
    transport.deliver(bytes("c\0"));
    await settled();
    expect([told, stream.take(), stream.readEnd]).toEqual([3, undefined, "close-notify"]);
    const other = await openStream();
    other.stream.wait(waiter);
    other.transport.deliver(bytes("x\0"));
    await settled();
    expect(told).toBe(4);
    expect(other.stream.readEnd).toMatchObject({ kind: "bad-record-mac" });
  });

  test("a waiter that throws fails the connection with internal_error", async () => {
    const { transport, stream } = await openStream();
    stream.wait({
      arrival: () => {
        throw new Error("no use");
      },
    });
    transport.deliver(bytes(data("a")));
    await settled();
    expect(text(transport.written)).toBe(alert("internal_error"));
  });

  test("a write that fails locally rejects the reader too", async () => {
    const connection = new ScriptedConnection();
    connection.recordsLeft = 0;
    const { stream } = await openStream(connection);
    const read = stream.read();
    await expect(stream.write(bytes("a"))).rejects.toMatchObject({ kind: "local-fault" });
    await expect(read).rejects.toMatchObject({ kind: "local-fault" });
  });

  test("a reset rejects the reader", async () => {
    const { transport, stream } = await openStream();
    const read = stream.read();
    transport.reset();
    await expect(read).rejects.toMatchObject({ by: "reset" });
    expect(await stream.closed).toMatchObject({ delivery: "none-due" });
  });

  test("at most 64 KiB of plaintext are read ahead; a KeyUpdate within them is answered though nobody reads", async () => {
    const { transport, stream } = await openStream();
    transport.deliver(bytes("k\0"));
    await settled();
    expect(text(transport.written)).toBe("k\0");
    const record = data("x".repeat(200));
    for (let chunk = 0; chunk < 20; chunk++) transport.deliver(bytes(record.repeat(40)));
    await settled();
    const unread = transport.unread;
    expect(unread).toBeGreaterThan(80_000);
    let read = 0;
    while (read < 20 * 40 * 200) read += (await stream.read())?.length ?? 0;
    expect(transport.unread).toBe(0);
  });

  test("records of one byte that nobody reads are kept as few pieces, within a chunk and across chunks", async () => {
    const { transport, stream } = await openStream();
    for (let chunk = 0; chunk < 100; chunk++) transport.deliver(bytes(data("x").repeat(100)));
    for (let chunk = 0; chunk < 1_000; chunk++) transport.deliver(bytes(data("y")));
    await settled();
    const pieces: Uint8Array[] = [];
    for (let piece = stream.take(); piece !== undefined; piece = stream.take()) pieces.push(piece);
    expect(text(Buffer.concat(pieces))).toBe("x".repeat(10_000) + "y".repeat(1_000));
    expect(pieces.length).toBeLessThan(12);
  });

  test("a peer that asks for answers and never reads them is not read from any more", async () => {
    const { transport } = await openStream();
    transport.stallWrites();
    for (let chunk = 0; chunk < 40; chunk++) transport.deliver(bytes("k\0".repeat(2_000)));
    await settled();
    expect(transport.unread).toBeGreaterThan(40_000);
  });

  test("writes that wait together share records, and keep their order with the machine's output", async () => {
    const { transport, stream } = await openStream();
    transport.stallWrites();
    const first = stream.write(bytes("first"));
    await settled();
    const rest = [stream.write(bytes("a"), bytes("b")), stream.write(bytes("c"))];
    transport.deliver(bytes("k\0"));
    await settled();
    transport.takeOneWrite();
    await first;
    await settled();
    transport.takeOneWrite();
    await settled();
    transport.takeOneWrite();
    await Promise.all(rest);
    expect(text(transport.written)).toBe(`${data("first")}k\0${data("abc")}`);
  });

  test("large writes are sealed in whole records, several a write, the next while the last is under way", async () => {
    const { transport, stream } = await openStream();
    const payload = Uint8Array.from({ length: 1_000_003 }, (_, index) => index % 251);
    transport.stallWrites();
    let done = false;
    void stream.write(payload.subarray(0, 500_000), payload.subarray(500_000)).then(() => {
      done = true;
    });
    for (let turn = 0; turn < 40 && !done; turn++) {
      await settled();
      transport.takeOneWrite();
    }
    expect(done).toBe(true);
    const received = new ScriptedConnection().receive(transport.written);
    expect(Buffer.concat(received.data).equals(payload)).toBe(true);
    expect(received.data.slice(0, -1).every(({ length }) => length === 100)).toBe(true);
  });

  test("a write settles when the transport took it, and not before", async () => {
    const { transport, stream } = await openStream();
    transport.stallWrites();
    let done = false;
    void stream.write(bytes("x")).then(() => {
      done = true;
    });
    await settled();
    expect(done).toBe(false);
    transport.takeOneWrite();
    await settled();
    expect(done).toBe(true);
  });

  test("empty writes make no record, and settle in their place", async () => {
    const { transport, stream } = await openStream();
    await Promise.all([stream.write(), stream.write(bytes("")), stream.write(bytes("a"), bytes("")), stream.write(bytes(""))]);
    expect(text(transport.written)).toBe(data("a"));
  });

  test("closeWrite is close_notify behind all that was written, then the half-close; reading goes on", async () => {
    const { transport, stream, closing } = await openStream();
    void stream.write(bytes("last"));
    await stream.closeWrite();
    expect(text(transport.written)).toBe(`${data("last")}c\0`);
    expect(transport.log.at(-1)).toBe("closeWrite");
    await expect(stream.write(bytes("more"))).rejects.toBeInstanceOf(WriteSideClosed);
    transport.deliver(bytes(data("answer")));
    expect(text(await stream.read())).toBe("answer");
    expect(closing.value).toBeUndefined();
    transport.deliver(bytes("c\0"));
    transport.end();
    expect(await stream.closed).toEqual({ error: undefined, delivery: "peer-ended" });
    expect(transport.destroyed).toBe(true);
  });

  test("a slow transport is not cut while data waits before our close_notify", async () => {
    const { transport, stream, clock, closing } = await openStream();
    transport.deliver(bytes("c\0"));
    transport.end();
    transport.stallWrites();
    void stream.write(bytes("slow"));
    const closed = stream.closeWrite();
    await clock.advance(60_000);
    expect(closing.value).toBeUndefined();
    transport.takeOneWrite();
    await settled();
    transport.takeOneWrite();
    await closed;
    expect(await stream.closed).toEqual({ error: undefined, delivery: "peer-ended" });
  });

  test("where the peer's close closes both directions, writers are told so", async () => {
    const connection = new ScriptedConnection();
    connection.closesTogether = true;
    const { transport, stream } = await openStream(connection);
    transport.deliver(bytes("c\0"));
    expect(await stream.read()).toBeUndefined();
    await expect(stream.write(bytes("x"))).rejects.toMatchObject({ by: "peer-close" });
    await stream.closeWrite();
    transport.end();
    expect(await stream.closed).toEqual({ error: undefined, delivery: "peer-ended" });
    expect(text(transport.written)).toBe("c\0");
  });

  test("a write error does not end reading: the alert behind it is found", async () => {
    const { transport, stream } = await openStream();
    transport.failWrites(new Error("EPIPE"));
    await expect(stream.write(bytes("x"))).rejects.toThrow("EPIPE");
    await expect(stream.write(bytes("y"))).rejects.toThrow("EPIPE");
    await expect(stream.closeWrite()).rejects.toThrow("EPIPE");
    transport.deliver(bytes(`${data("why")}a\0`));
    expect(text(await stream.read())).toBe("why");
    await expect(stream.read()).rejects.toMatchObject({ kind: "alert-received" });
  });

  test("a write error and a later close_notify close the stream", async () => {
    const { transport, stream } = await openStream();
    transport.failWrites();
    await expect(stream.write(bytes("x"))).rejects.toThrow("EPIPE");
    transport.deliver(bytes("c\0"));
    expect(await stream.closed).toMatchObject({ error: undefined, delivery: "write-failed" });
  });

  test("what was sealed before a local failure goes out before its alert; the rest is rejected", async () => {
    const connection = new ScriptedConnection();
    connection.recordsLeft = 2;
    const { transport, stream } = await openStream(connection);
    const written = stream.write(new Uint8Array(200).fill(120), new Uint8Array(200).fill(121));
    await expect(written).rejects.toMatchObject({ kind: "local-fault" });
    await settled();
    expect(text(transport.written)).toMatch(new RegExp(`${alert("internal_error")}$`));
    transport.end();
    expect(await stream.closed).toMatchObject({ error: { kind: "local-fault" }, delivery: "peer-ended" });
  });

  test("abort in the turn of a write sends what was written, its alert behind it, and rejects the write", async () => {
    const { transport, stream } = await openStream();
    const written = stream.write(bytes("400 Bad Request"));
    const over = stream.abort({ alert: "internal_error", reason: "destroyed" });
    await expect(written).rejects.toBeInstanceOf(ScriptedError);
    transport.end();
    await over;
    expect(text(transport.written)).toBe(data("400 Bad Request") + alert("internal_error"));
  });

  test("abort sends its alert, drops what no single record takes, and settles when it is over", async () => {
    const { transport, stream } = await openStream();
    transport.stallWrites();
    void stream.write(bytes("sealed"));
    await settled();
    const dropped = stream.write(new Uint8Array(stream.info.maxRecordSize.send + 1));
    const over = stream.abort({ alert: "internal_error", reason: "half a file" });
    await expect(dropped).rejects.toBeInstanceOf(ScriptedError);
    transport.takeOneWrite();
    await settled();
    transport.takeOneWrite();
    transport.end();
    await over;
    expect(text(transport.written)).toBe(data("sealed") + alert("internal_error"));
    await stream.abort("cancelled");
  });

  test("updateKeys keeps its place among the writes", async () => {
    const { transport, stream } = await openStream();
    await Promise.all([stream.write(bytes("a")), stream.updateKeys(), stream.write(bytes("b"))]);
    expect(text(transport.written)).toBe(`${data("a")}k\0${data("b")}`);
  });

  test("nothing is rejected unseen, and no timer is left, whatever the caller does not wait for", async () => {
    const seen: unknown[] = [];
    const listener = (reason: unknown): void => void seen.push(reason);
    process.on("unhandledRejection", listener);
    const { transport, stream, clock } = await openStream();
    transport.failWrites();
    void stream.write(bytes("a"));
    void stream.updateKeys();
    void stream.closeWrite();
    await settled();
    transport.reset();
    await stream.closed;
    await settled();
    process.off("unhandledRejection", listener);
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
