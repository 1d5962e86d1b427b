// What a stack's data look like: one file a stack beside this one. Numbers and names are from its own headers or documents.
import type { CauseId } from "../causes/ids.ts";

export const stackIds = [
  "sallyport",
  "openssl",
  "node",
  "curl",
  "python",
  "nginx",
  "mbedtls",
  "wolfssl",
  "gnutls",
  "nss",
  "java",
  "go",
  "rustls",
  "boringssl",
  "chromium",
  "firefox",
  "botan",
  "platform",
] as const;
export type StackId = (typeof stackIds)[number];

export interface Stack {
  readonly id: StackId;
  /** As people call it. */
  readonly title: string;
  /** The library beneath, whose settings hold here as well. */
  readonly of?: StackId;
  /** Where its data are from. */
  readonly source: string;
  /** A line that holds one of these is by this stack. Lower case, found without regard to case. */
  readonly marks: readonly string[];
  readonly codes: readonly Code[];
  /** Words of its log. The first that is found in a line counts. */
  readonly signs: readonly LogSign[];
  readonly remedies: { readonly [K in CauseId]?: readonly StackRemedy[] };
}

/** A number that its functions return or print. */
export interface Code {
  readonly number: number;
  readonly name: string;
  /** Absent: known by name, and no reason why a handshake fails. */
  readonly cause?: CauseId;
  /** How surely it is that; default: it says so. `symptom`: it says that it failed, and not why. */
  readonly strength?: Strength;
}
export type Strength = "certain" | "likely" | "symptom";

export interface LogSign {
  /** Found in a line without regard to case, all of them in this order. */
  readonly words: readonly [string, ...string[]];
  readonly cause: CauseId;
  readonly strength?: Strength;
  /** An alert of this number is what it speaks of. */
  readonly alert?: number;
}

export interface StackRemedy {
  readonly advice: string;
  readonly options: readonly string[];
  readonly stopGap?: string;
}
