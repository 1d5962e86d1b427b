// A thread that records what a handshake asks of its provider. In the process that is measured, its proxies would make the
// functions that both go through slower.
import { parentPort, workerData } from "node:worker_threads";
import {
  Acceptor,
  type Bytes,
  type ClientConfig,
  type ClientStage,
  Connector,
  type Received,
  type ServerConfig,
  type ServerStage,
} from "@sallyport/core";
import type { Authority } from "../packages/cli/src/demo/authority.ts";
import type { Call, Given, Role, Root, Step } from "./replay.ts";
import { type Ask, sides, watched } from "./sides.ts";
import type { Handshake } from "./work.ts";

export type Recorded = Readonly<Record<Role, readonly Step[]>>;

/** The third of three in a row, by when all is known that later connections need not compute. */
function recordExchange(authority: Authority, handshake: Handshake): Recorded {
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
  readonly #provider = sides["crypto-node"].provider;

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
    const call = { on: this.#known.get(target) ?? this.#root(target), method, args: args.map((arg) => this.#kept(arg)) };
    const result: unknown = Reflect.apply(Reflect.get(target, method), target, args);
    const at = this.#counts[this.#of]++;
    this.#calls.push(call);
    if (typeof result === "object" && result !== null && !(result instanceof Uint8Array) && result !== target) {
      this.#known.set(result, { by: at });
      if ("key" in result) this.#known.set(result.key, { by: at, field: "key" });
    }
    return result;
  };
  #root(target: object): Root {
    if (target === this.#provider) return { list: "provider", name: "" };
    for (const list of ["suites", "groups", "hashes"] as const) {
      const found = this.#provider[list].find((each) => each === target);
      if (found !== undefined) return { list, name: found.name };
    }
    const verification = this.#provider.verifications.find((each) => each === target);
    if (verification !== undefined) return { list: "verifications", name: verification.scheme };
    if ("sign" in target) return { list: "signer", name: "" };
    throw new Error("an object of nobody's", { cause: target });
  }
  /** Bytes as they were: the caller may use their memory again. */
  #kept(arg: unknown): Call["args"][number] {
    return this.#known.get(arg) ?? { value: arg instanceof Uint8Array ? Uint8Array.from(arg) : arg };
  }
}

const request = new Uint8Array(3).fill(7);
const answer = new Uint8Array(1).fill(7);

/** As on a socket: the request comes with the client's Finished, the answer with tickets and close_notify. */
function exchange(server: ServerConfig, client: ClientConfig, recorder: Recorder): void {
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

function accept(stage: ServerStage, config: ServerConfig, hello: Bytes): ServerStage {
  const accepted = stage.kind === "needs-input" ? stage.receive(hello) : stage;
  if (accepted.kind !== "accepted") throw new Error(`a server that is ${accepted.kind}`, { cause: accepted });
  return accepted.choose(config);
}

function sent(result: { readonly kind: string; readonly output: Bytes }): Bytes {
  if (result.kind !== "sent") throw new Error(`${result.kind} instead of sent`, { cause: result });
  return result.output;
}

function expectData(received: Received, length: number): void {
  if (received.kind === "failed") throw new Error("it failed", { cause: received });
  const came = received.data.reduce((sum, { length }) => sum + length, 0);
  if (came !== length) throw new Error(`${came} bytes of ${length}`);
}

// Behind the classes that it needs.
parentPort?.postMessage(recordExchange(workerData.authority, workerData.handshake));
