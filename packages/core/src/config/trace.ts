import type { Registered } from "../wire/registry.ts";

/** Called inside the step; holds no secret and no plaintext. Absent: nothing is built. Not every decision has its event yet. */
export type Trace = (event: TraceEvent) => void;
export type TraceEvent =
  | { readonly kind: "message"; readonly direction: "in" | "out"; readonly type: string; readonly length: number }
  | { readonly kind: "keys"; readonly direction: "read" | "write"; readonly epoch: "handshake" | "early" | "traffic" }
  | { readonly kind: "decision"; readonly about: string; readonly chosen: string | undefined; readonly because: string }
  | { readonly kind: "alert"; readonly direction: "in" | "out"; readonly description: Registered };
