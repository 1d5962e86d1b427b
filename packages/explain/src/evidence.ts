// What was understood of the input, before anybody judges it. Several inputs about one connection become one.
import type { Bytes, ClientHello, TlsError } from "@sallyport/core";
import type { CauseId } from "./causes/ids.ts";
import type { ServerHello } from "./read/server-hello.ts";
import type { Unit } from "./read/units.ts";
import type { Party } from "./report.ts";
import type { StackId, Strength } from "./stacks/stack.ts";

export interface Evidence {
  readonly hellos: readonly HelloSeen[];
  readonly serverHellos: readonly ServerHello[];
  readonly alerts: readonly AlertSeen[];
  /** Certificates in clear (TLS 1.2) or opened by a key log. */
  readonly chains: readonly ChainSeen[];
  /** Names of handshake messages in clear, in order. */
  readonly messages: readonly MessageSeen[];
  readonly errors: readonly TlsError[];
  /** What a log or a number says. */
  readonly signs: readonly Sign[];
  /** Who wrote, as far as logs and hellos show it. */
  readonly stacks: readonly StackSeen[];
  /** Bytes came that are no TLS. */
  readonly notTls: readonly ForeignBytes[];
  /** Protected records: what is in them can't be read here. */
  readonly protectedRecords: number;
  /** The hello was sent, and nothing came back. */
  readonly silent: boolean;
  /** Said of the input itself: cut short, too long, not understood. */
  readonly remarks: readonly string[];
  readonly seen: readonly string[];
  /** What went over the wire; in the order of its time where `inOrder`. */
  readonly units: readonly Unit[];
  readonly inOrder: boolean;
}

export interface HelloSeen {
  readonly clientHello: ClientHello;
  /** On the wire, the headers of its records included. */
  readonly wireBytes: number;
}
export interface AlertSeen {
  readonly number: number;
  readonly level: "warning" | "fatal" | "unknown";
  readonly from: Party | undefined;
  readonly protected?: boolean;
}
export interface ChainSeen {
  readonly from: "client" | "server" | undefined;
  /** As sent: DER, leaf first. */
  readonly certificates: readonly [Bytes, ...Bytes[]];
}
export interface MessageSeen {
  readonly from: "client" | "server" | undefined;
  readonly name: string;
}
export interface StackSeen {
  readonly stack: StackId;
  readonly side: "client" | "server" | undefined;
}
export interface ForeignBytes {
  readonly looksLike: "http-request" | "http-response" | "ssh" | "smtp" | "sslv2" | "text" | "unknown";
  readonly from: "client" | "server" | undefined;
}
/** A line, a name or a number of a stack. */
export interface Sign {
  readonly stack: StackId | undefined;
  readonly cause: CauseId | undefined;
  /** `symptom`: it says that it failed, not why; a cause from elsewhere goes before. */
  readonly strength: Strength;
  /** What was read, such as `MBEDTLS_ERR_SSL_CONN_EOF (-0x7280)`. */
  readonly what: string;
}

export const nothing: Evidence = {
  hellos: [],
  serverHellos: [],
  alerts: [],
  chains: [],
  messages: [],
  errors: [],
  signs: [],
  stacks: [],
  notTls: [],
  protectedRecords: 0,
  silent: false,
  remarks: [],
  seen: [],
  units: [],
  inOrder: false,
};

export function together(parts: readonly Evidence[]): Evidence {
  return {
    hellos: parts.flatMap(({ hellos }) => hellos),
    serverHellos: parts.flatMap(({ serverHellos }) => serverHellos),
    alerts: parts.flatMap(({ alerts }) => alerts),
    chains: parts.flatMap(({ chains }) => chains),
    messages: parts.flatMap(({ messages }) => messages),
    errors: parts.flatMap(({ errors }) => errors),
    signs: parts.flatMap(({ signs }) => signs),
    stacks: parts.flatMap(({ stacks }) => stacks),
    notTls: parts.flatMap(({ notTls }) => notTls),
    protectedRecords: parts.reduce((sum, part) => sum + part.protectedRecords, 0),
    silent: parts.some(({ silent }) => silent),
    remarks: parts.flatMap(({ remarks }) => remarks),
    seen: parts.flatMap(({ seen }) => seen),
    units: parts.flatMap(({ units }) => units),
    inOrder: parts.every(({ units, inOrder }) => units.length === 0 || inOrder),
  };
}
