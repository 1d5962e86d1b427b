// What drive needs of a platform beside promises, and all that it may see of one. Not published: in a user's program the names
// resolve to the real ones of lib.dom, Deno, or @types/node.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
