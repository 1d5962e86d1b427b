// What a handshake and a byte of data ask of their provider, call by call, to be asked again with no TLS around it.
import type { Bytes } from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import type { Authority } from "../packages/cli/src/demo/authority.ts";

export type Role = "client" | "server";
/** What one end does when something has come: calls, and an answer. Plain data. */
export interface Step {
  readonly calls: readonly Call[];
  readonly output: Bytes;
}
export interface Call {
  readonly on: Root | Given;
  readonly method: string;
  readonly args: readonly (Given | { readonly value: unknown })[];
}
/** An object of the provider's by its name, the provider itself, or the server's signer. */
export interface Root {
  readonly list: "suites" | "groups" | "hashes" | "verifications" | "provider" | "signer";
  readonly name: string;
}
/** What an earlier call of the same end gave, or a field of it. */
export interface Given {
  readonly by: number;
  readonly field?: string;
}

/** An end's steps with crypto-node's objects in them. */
export interface Part {
  readonly steps: readonly { readonly calls: readonly ReadyCall[]; readonly output: Bytes }[];
}
interface ReadyCall {
  readonly target: object | undefined;
  readonly on: Given | undefined;
  readonly method: string;
  readonly args: Call["args"];
}

export function partOf(steps: readonly Step[], { leaf }: Authority): Part {
  const ownSigner = signer(leaf.keyPem);
  const ready = ({ on, method, args }: Call): ReadyCall =>
    "by" in on
      ? { target: undefined, on, method, args }
      : { target: on.list === "signer" ? ownSigner : rootOf(on), on: undefined, method, args };
  return { steps: steps.map(({ calls, output }) => ({ calls: calls.map(ready), output })) };
}

function rootOf({ list, name }: Root): object {
  if (list === "provider" || list === "signer") return node;
  const found: object | undefined =
    list === "verifications"
      ? node.verifications.find(({ scheme }) => scheme === name)
      : node[list].find((each) => each.name === name);
  if (found === undefined) throw new Error(`crypto-node has no ${name}`);
  return found;
}

/** Does an end's steps again, one after the other, with what its own calls give. */
export class Replay {
  readonly #part: Part;
  readonly #results: unknown[] = [];
  #next = 0;
  constructor(part: Part) {
    this.#part = part;
  }
  /** @returns the recorded answer */
  step(): Bytes {
    const step = this.#part.steps[this.#next++];
    if (step === undefined) throw new Error("all was said");
    for (const { target, on, method, args } of step.calls) {
      const callee = target ?? Object(on && this.#given(on));
      const values = args.map((arg) => ("by" in arg ? this.#given(arg) : arg.value));
      this.#results.push(Reflect.apply(Reflect.get(callee, method), callee, values));
    }
    return step.output;
  }
  #given({ by, field }: Given): unknown {
    const result = this.#results[by];
    return field === undefined ? result : Reflect.get(Object(result), field);
  }
}
