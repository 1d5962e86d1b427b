// The loop against a small model of it: whatever peer, transport, answerers and caller do, in whatever order, all that is due is
// written, an alert exactly if one is due, once, and nothing behind it; then the half-close; and nothing is left behind.
import type { ClientHello, ServerConfig, ServerStage } from "@sallyport/core";
import { budget, drive, refuse, type ServerDriven, type TlsStream } from "@sallyport/drive";
import { fc } from "@fast-check/vitest";
import { expect, test } from "vitest";
import { settled, VirtualClock } from "../support/clock.ts";
import { bytes, established, failure, needsInput, ScriptedConnection, stage, text } from "../support/scripted-stages.ts";
import { SimulatedTransport } from "../support/simulated-transport.ts";

const alertOf = (name: string): string => `a${String.fromCharCode(name.length)}${name}`;

/**
 * A handshake that is told what to do a letter at a time: `f` makes output, `h` asks at the front door, `s` asks for a signature,
 * `E` establishes, `x` fails, `a` is the peer's alert. What lies behind a pause waits for it.
 */
function machine(buffer: string, asks: Asks, output = ""): ServerStage {
  let out = output;
  for (let at = 0; at < buffer.length; at++) {
    const rest = buffer.slice(at + 1);
    switch (buffer[at]) {
      case "f":
        out += "f";
        break;
      case "h":
        return stage(
          "accepted",
          {
            clientHello: {} as ClientHello,
            received: bytes(""),
            choose: () => machine(rest, asks, "c"),
            reject: (alert: "access_denied") => failure("aborted", alert),
          },
          bytes(out),
        );
      case "s":
        return stage("needs-signature", { key: { signAsync: asks.sign }, provide: () => machine(rest, asks, "g") }, bytes(out));
      case "E":
        return established(new ScriptedConnection(), bytes(out));
      case "x": {
        const failed = failure("illegal-parameter", "illegal_parameter");
        return stage("failed", { ...failed, output: bytes(out + text(failed.output)) });
      }
      case "a":
        return stage("failed", { ...failure("alert-received", undefined), output: bytes(out) });
    }
  }
  return needsInput((chunk) => machine(text(chunk) ?? "", asks), bytes(out));
}
interface Asks {
  readonly sign: () => Promise<unknown>;
}

type Answer = "yes" | "no" | "throws";

/** What is really there. */
class Real {
  readonly transport: SimulatedTransport;
  readonly clock = new VirtualClock();
  readonly budget = budget();
  readonly controller = new AbortController();
  readonly #pending: ((answer: Answer) => void)[] = [];
  /** Settled already; who answers twice calls these. */
  readonly #answered: ((answer: Answer) => void)[] = [];
  driven: ServerDriven | undefined;
  stream: TlsStream | undefined;
  closed = false;
  readonly running: Promise<unknown>;

  constructor(halfCloses: boolean, manner: "promises" | "direct" | "lends") {
    this.transport = new SimulatedTransport(manner);
    this.transport.halfCloses = halfCloses;
    const sign = (): Promise<unknown> => this.#ask(() => "signature");
    const accept = (): Promise<ServerConfig | ReturnType<typeof refuse>> =>
      this.#ask((answer) => (answer === "yes" ? ({} as ServerConfig) : refuse("access_denied")));
    const {
      clock,
      budget,
      controller: { signal },
    } = this;
    this.running = drive(this.transport, machine("", { sign }), { accept }, { clock, budget, signal }).then((driven) => {
      this.driven = driven;
      if (driven.kind !== "established") return;
      this.stream = driven.stream;
      void driven.stream.closed.then(() => {
        this.closed = true;
      });
    });
  }

  #ask<T>(give: (answer: Answer) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pending.push((answer) => (answer === "throws" ? reject(new Error("no answer")) : resolve(give(answer))));
    });
  }
  answer(answer: Answer): void {
    const ask = this.#pending.shift();
    if (ask === undefined) return;
    ask(answer);
    this.#answered.push(ask);
  }
  answerAgain(): void {
    for (const ask of this.#answered) ask("yes");
  }
  async turns(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await this.clock.turn();
  }
}

/** What must be so. */
interface Model {
  phase: "input" | "door" | "signature" | "open" | "over";
  /** Arrived, and behind a pause. */
  held: string;
  ended: boolean;
  /** All that is to be written, in order. */
  expected: string;
  /** From here on nothing more is written. */
  broken: boolean;
  stalled: boolean;
  ownClosed: boolean;
  peerClosed: boolean;
}

function fail(model: Model, alert: string | undefined): void {
  model.phase = "over";
  if (alert !== undefined) model.expected += alertOf(alert);
}
function takeIn(model: Model, letters: string): void {
  model.held += letters;
  while (model.phase === "input" && model.held.length > 0) {
    const letter = model.held[0];
    model.held = model.held.slice(1);
    if (letter === "f") model.expected += "f";
    else if (letter === "h") model.phase = "door";
    else if (letter === "s") model.phase = "signature";
    else if (letter === "E") model.phase = "open";
    else if (letter === "x") fail(model, "illegal_parameter");
    else if (letter === "a") fail(model, undefined);
  }
  if (model.phase === "input" && model.ended) fail(model, undefined);
  if (model.phase === "open" && model.ended) fail(model, undefined);
}

abstract class Step implements fc.AsyncCommand<Model, Real> {
  check(_model: Readonly<Model>): boolean {
    return true;
  }
  protected abstract foresee(model: Model): void;
  protected abstract act(real: Real): void | Promise<void>;
  async run(model: Model, real: Real): Promise<void> {
    this.foresee(model);
    await this.act(real);
    await real.turns();
    const written = text(real.transport.written) ?? "";
    if (model.broken || model.stalled) expect(model.expected.startsWith(written)).toBe(true);
    else expect(written).toBe(model.expected);
    expect(real.driven !== undefined && real.stream === undefined && !real.transport.destroyed).toBe(false);
  }
  abstract toString(): string;
}

class Deliver extends Step {
  readonly letters: string;
  readonly oneByOne: boolean;
  constructor(letters: string, oneByOne: boolean) {
    super();
    this.letters = letters;
    this.oneByOne = oneByOne;
  }
  // What lies behind "E" is another language.
  override check({ phase, ended, held }: Readonly<Model>): boolean {
    return !ended && phase !== "open" && !held.includes("E");
  }
  protected foresee(model: Model): void {
    takeIn(model, this.letters);
  }
  protected act({ transport }: Real): void {
    for (const chunk of this.oneByOne ? this.letters : [this.letters]) transport.deliver(bytes(chunk));
  }
  toString(): string {
    return `deliver(${this.letters}${this.oneByOne ? ", one by one" : ""})`;
  }
}
class DeliverRecord extends Step {
  readonly kind: "data" | "close" | "bad" | "alert";
  constructor(kind: DeliverRecord["kind"]) {
    super();
    this.kind = kind;
  }
  // A close where writes are broken ends the stream only if a write has found out: the examples of drive.test.ts have both.
  override check({ phase, ended, peerClosed, ownClosed, broken }: Readonly<Model>): boolean {
    const hasAnEnd = !(ownClosed && this.kind === "bad") && !(broken && this.kind === "close");
    return phase === "open" && !ended && !peerClosed && hasAnEnd;
  }
  protected foresee(model: Model): void {
    if (this.kind === "close") model.peerClosed = true;
    if (this.kind === "bad") fail(model, "bad_record_mac");
    if (this.kind === "alert" || (model.peerClosed && model.ownClosed)) model.phase = "over";
  }
  protected act({ transport }: Real): void {
    transport.deliver(bytes({ data: "d\x01y", close: "c\0", bad: "x\0", alert: "a\0" }[this.kind]));
  }
  toString(): string {
    return `deliver a record: ${this.kind}`;
  }
}
class Do extends Step {
  readonly #name: string;
  readonly #when: (model: Readonly<Model>) => boolean;
  readonly #foresee: (model: Model) => void;
  readonly #act: (real: Real) => void | Promise<void>;
  constructor(
    name: string,
    when: (model: Readonly<Model>) => boolean,
    foresee: (model: Model) => void,
    act: (real: Real) => void | Promise<void>,
  ) {
    super();
    this.#name = name;
    this.#when = when;
    this.#foresee = foresee;
    this.#act = act;
  }
  override check(model: Readonly<Model>): boolean {
    return this.#when(model);
  }
  protected foresee(model: Model): void {
    this.#foresee(model);
  }
  protected act(real: Real): void | Promise<void> {
    return this.#act(real);
  }
  toString(): string {
    return this.#name;
  }
}

const inHandshake = ({ phase }: Readonly<Model>): boolean => phase !== "open" && phase !== "over";
const asked = ({ phase }: Readonly<Model>): boolean => phase === "door" || phase === "signature";

function goOn(model: Model): void {
  model.expected += model.phase === "door" ? "c" : "g";
  model.phase = "input";
  takeIn(model, "");
}
const reset = (model: Model): void => {
  model.ended = true;
  model.broken = true;
  // Behind the peer's close nothing is read any more, so that a write must find out.
  if (model.phase !== "over" && !model.peerClosed) fail(model, undefined);
};
const interrupted = (model: Model): void => {
  if (inHandshake(model)) fail(model, "user_canceled");
};
const finishedIfBoth = (model: Model): void => {
  if (model.phase === "open" && model.ownClosed && model.peerClosed) model.phase = "over";
};

const commands = [
  fc
    .tuple(fc.string({ unit: fc.constantFrom("f", "f", "h", "s", "E", "x", "a"), minLength: 1, maxLength: 4 }), fc.boolean())
    .map(([letters, oneByOne]) => new Deliver(letters.replace(/E.*/, "E"), oneByOne)),
  fc.constantFrom("h", "s", "E").map((letter) => new Deliver(letter, false)),
  fc.constantFrom("data", "data", "close", "bad", "alert").map((kind) => new DeliverRecord(kind as DeliverRecord["kind"])),
  fc.constant(new Do("the answer is yes", asked, goOn, (real) => real.answer("yes"))),
  fc.constant(
    new Do(
      "the answer is no",
      ({ phase }) => phase === "door",
      (model) => fail(model, "access_denied"),
      (real) => real.answer("no"),
    ),
  ),
  fc.constant(
    new Do(
      "the answer throws",
      asked,
      (model) => fail(model, "internal_error"),
      (real) => real.answer("throws"),
    ),
  ),
  fc.constant(
    new Do(
      "all answers come again",
      () => true,
      () => {},
      (real) => real.answerAgain(),
    ),
  ),
  fc.constant(
    new Do(
      "the peer ends",
      ({ ended }) => !ended,
      (model) => {
        model.ended = true;
        if (model.phase === "input" || (model.phase === "open" && !model.peerClosed)) fail(model, undefined);
      },
      ({ transport }) => transport.end(),
    ),
  ),
  fc.constant(
    new Do(
      "the transport resets",
      ({ ended, stalled }) => !ended && !stalled,
      reset,
      ({ transport }) => transport.reset(),
    ),
  ),
  fc.constant(
    new Do(
      "writes fail from now on",
      ({ stalled, ownClosed }) => !stalled && !ownClosed,
      (model) => {
        model.broken = true;
      },
      ({ transport }) => transport.failWrites(),
    ),
  ),
  fc.constant(
    new Do(
      "writes stall",
      ({ broken, stalled }) => !broken && !stalled,
      (model) => {
        model.stalled = true;
      },
      ({ transport }) => transport.stallWrites(),
    ),
  ),
  fc.constant(
    new Do(
      "one write is taken",
      ({ stalled }) => stalled,
      () => {},
      ({ transport }) => transport.takeOneWrite(),
    ),
  ),
  fc.constant(
    new Do(
      "the caller cancels",
      () => true,
      interrupted,
      ({ controller }) => controller.abort(),
    ),
  ),
  fc.constant(
    new Do(
      "10 s pass",
      () => true,
      interrupted,
      ({ clock }) => clock.advance(10_000),
    ),
  ),
  fc.constant(
    new Do(
      "the caller writes",
      ({ phase, stalled, broken, ownClosed }) => phase === "open" && !stalled && !broken && !ownClosed,
      (model) => {
        model.expected += "d\x02me";
      },
      ({ stream }) => void stream?.write(bytes("me")),
    ),
  ),
  fc.constant(
    new Do(
      "the caller closes",
      ({ phase, stalled, broken, ownClosed }) => phase === "open" && !stalled && !broken && !ownClosed,
      (model) => {
        model.expected += "c\0";
        model.ownClosed = true;
        finishedIfBoth(model);
      },
      ({ stream }) => void stream?.closeWrite(),
    ),
  ),
  fc.constant(
    new Do(
      "the caller aborts",
      ({ phase, ownClosed }) => phase === "open" && !ownClosed,
      (model) => fail(model, "internal_error"),
      ({ stream }) => void stream?.abort({ alert: "internal_error", reason: "half a file" }),
    ),
  ),
];

/** Of the transport: how it gives what it reads. */
const manners = fc.constantFrom("promises", "direct", "lends");

test("an alert exactly if one is due, once, then the half-close, and nothing is left behind", async () => {
  const unseen: unknown[] = [];
  const listener = (reason: unknown): void => void unseen.push(reason);
  process.on("unhandledRejection", listener);
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 25 }), fc.boolean(), manners, async (run, halfCloses, manner) => {
      const model: Model = {
        phase: "input",
        held: "",
        ended: false,
        expected: "",
        broken: false,
        stalled: false,
        ownClosed: false,
        peerClosed: false,
      };
      const real = new Real(halfCloses, manner);
      await fc.asyncModelRun(() => ({ model, real }), run);
      await leave(model, real);
      const { transport, clock, budget } = real;
      const written = text(transport.written) ?? "";
      expect(model.expected.startsWith(written)).toBe(true);
      expect(clock.pending).toBe(0);
      expect([budget.handshakesInProgress, budget.closing]).toEqual([0, 0]);
      expect(transport.log.filter((call) => call === "destroy")).toHaveLength(1);
      expect(transport.log.filter((call) => call === "closeWrite").length).toBeLessThanOrEqual(1);
      // Behind the half-close nothing is written, and nothing happens behind the end.
      const closedAt = transport.log.indexOf("closeWrite");
      if (closedAt >= 0) expect(transport.log.slice(closedAt + 1).filter((call) => call !== "destroy")).toEqual([]);
      if (!halfCloses) expect(closedAt).toBe(-1);
      if (!model.broken && !model.stalled && halfCloses) expect(closedAt).toBeGreaterThan(-1);
    }),
    { numRuns: 400 },
  );
  process.off("unhandledRejection", listener);
  expect(unseen).toEqual([]);
});

/** Whoever is still there goes: the peer, or the time. */
async function leave(model: Model, { transport, clock, stream, running }: Real): Promise<void> {
  if (model.phase === "open" && !model.ownClosed) {
    void stream?.abort({ alert: "internal_error", reason: "the run is over" });
    fail(model, "internal_error");
  }
  if (inHandshake(model)) fail(model, "user_canceled");
  await clock.advance(10_000);
  if (!transport.destroyed && !model.ended) transport.end();
  await settled();
  // Only an alert that the transport does not take is waited for.
  if (!model.stalled) expect(clock.pending).toBe(0);
  await clock.advance(3_000);
  await running;
  await settled();
}
