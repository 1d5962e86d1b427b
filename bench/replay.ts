// What a handshake and a byte of data ask of their provider, call by call, to be asked again with no TLS around it.
import { Acceptor, type Bytes, type ClientStage, Connector, type Open, type Closed, type ServerStage } from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import { type Ask, watched } from "./sides.ts";
import type { Handshake } from "./work.ts";

/** What one end does when something has come: calls, and an answer. */
export interface Step {
  readonly calls: readonly Call[];
  readonly output: Bytes;
}
export interface Call {
  /** An object of the provider's, or what an earlier call gave. */
  readonly on: object | Given;
  readonly method: string;
  readonly args: readonly (Given | { readonly value: unknown })[];
}
/** By the call's place among all of this end's. */
class Given {
  readonly by: number;
  readonly field: string | undefined;
  constructor(by: number, field?: string) {
    this.by = by;
    this.field = field;
  }
  in(results: readonly unknown[]): unknown {
    const result = results[this.by];
    return this.field === undefined ? result : Reflect.get(Object(result), this.field);
  }
}

/** Does an end's steps again, one after the other, with what its own calls give. */
export class Replay {
  readonly #steps: readonly Step[];
  readonly #results: unknown[] = [];
  #next = 0;
  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }
  /** @returns the recorded answer */
  step(): Bytes {
    const step = this.#steps[this.#next++];
    if (step === undefined) throw new Error("all was said");
    for (const { on, method, args } of step.calls) {
      const target = on instanceof Given ? Object(on.in(this.#results)) : on;
      const values = args.map((arg) => (arg instanceof Given ? arg.in(this.#results) : arg.value));
      this.#results.push(Reflect.apply(Reflect.get(target, method), target, values));
    }
    return step.output;
  }
}

export type Role = "client" | "server";

/** The third of three in a row, by when all is known that later connections need not compute. */
export function recordExchange(authority: Authority, handshake: Handshake): Readonly<Record<Role, readonly Step[]>> {
  const recorder = new Recorder();
  const { server, client } = watched("crypto-node", authority, handshake, recorder.ask);
  for (let made = 0; made < 3; made++) {
    recorder.begin();
    exchange(server, client, recorder);
  }
  return recorder.steps;
}

class Recorder {
  steps: Record<Role, Step[]> = { client: [], server: [] };
  #of: Role = "client";
  #calls: Call[] = [];
  #counts = { client: 0, server: 0 };
  #known = new Map<unknown, Given>();

  begin(): void {
    this.steps = { client: [], server: [] };
    this.#counts = { client: 0, server: 0 };
    this.#known = new Map();
  }
  step(of: Role, work: () => readonly Bytes[]): Bytes {
    this.#of = of;
    this.#calls = [];
    const output = Uint8Array.from(Buffer.concat(work()));
    this.steps[of].push({ calls: this.#calls, output });
    return output;
  }
  readonly ask: Ask = (target, method, args) => {
    const call = { on: this.#known.get(target) ?? target, method, args: args.map((arg) => this.#kept(arg)) };
    const result: unknown = Reflect.apply(Reflect.get(target, method), target, args);
    const at = this.#counts[this.#of]++;
    this.#calls.push(call);
    if (typeof result === "object" && result !== null && !(result instanceof Uint8Array) && result !== target) {
      this.#known.set(result, new Given(at));
      if ("key" in result) this.#known.set(result.key, new Given(at, "key"));
    }
    return result;
  };
  /** Bytes as they were: the caller may use their memory again. */
  #kept(arg: unknown): Call["args"][number] {
    return this.#known.get(arg) ?? { value: arg instanceof Uint8Array ? Uint8Array.from(arg) : arg };
  }
}

const request = new Uint8Array(3).fill(7);
const answer = new Uint8Array(1).fill(7);

/** As on a socket: the request comes with the client's Finished, the answer with tickets and close_notify. */
function exchange(
  server: Parameters<typeof accept>[1],
  client: ConstructorParameters<typeof Connector>[0],
  recorder: Recorder,
): void {
  let theirs: ServerStage = new Acceptor().start();
  let ours: ClientStage | undefined;
  const hello = recorder.step("client", () => {
    ours = new Connector(client, "localhost").start();
    return [ours.output];
  });
  const flight = recorder.step("server", () => {
    theirs = accept(theirs, server, hello);
    return [theirs.output];
  });
  const finished = recorder.step("client", () => {
    if (ours?.kind !== "needs-input") throw new Error(`a client that is ${ours?.kind}`);
    ours = ours.receive(flight);
    if (ours.kind !== "established") throw new Error(`a client that is ${ours.kind}`, { cause: ours });
    return [ours.output, sent(ours.connection.send(request))];
  });
  const answered = recorder.step("server", () => {
    if (theirs.kind !== "needs-input") throw new Error(`a server that is ${theirs.kind}`);
    theirs = theirs.receive(finished);
    if (theirs.kind !== "established") throw new Error(`a server that is ${theirs.kind}`, { cause: theirs });
    expectData(theirs.received, request.length);
    return [theirs.output, sent(theirs.connection.send(answer)), sent(theirs.connection.close())];
  });
  const ended = recorder.step("client", () => {
    if (ours?.kind !== "established") throw new Error("it was established");
    expectData(ours.connection.receive(answered), answer.length);
    return [sent(ours.connection.close())];
  });
  recorder.step("server", () => {
    if (theirs.kind !== "established") throw new Error("it was established");
    expectData(theirs.connection.receive(ended), 0);
    return [];
  });
}

function accept(stage: ServerStage, config: Parameters<Extract<ServerStage, { kind: "accepted" }>["choose"]>[0], hello: Bytes) {
  const accepted = stage.kind === "needs-input" ? stage.receive(hello) : stage;
  if (accepted.kind !== "accepted") throw new Error(`a server that is ${accepted.kind}`, { cause: accepted });
  return accepted.choose(config);
}

function sent(result: { readonly kind: string; readonly output: Bytes }): Bytes {
  if (result.kind !== "sent") throw new Error(`${result.kind} instead of sent`, { cause: result });
  return result.output;
}

function expectData(received: Open | Closed | { readonly kind: "failed" }, length: number): void {
  if (received.kind === "failed") throw new Error("it failed", { cause: received });
  const came = received.data.reduce((sum, { length }) => sum + length, 0);
  if (came !== length) throw new Error(`${came} bytes of ${length}`);
}
