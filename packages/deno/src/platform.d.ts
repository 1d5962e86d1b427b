// The slice of Deno that is used, so that nothing else can be. Not published: in a user's program the names resolve to Deno's.
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare function setTimeout(call: () => void, ms: number): number;
declare function clearTimeout(timer: number): void;
declare const performance: { now(): number };

interface ReadableStreamDefaultController<R> {
  close(): void;
  enqueue(chunk: R): void;
}
declare class ReadableStream<R> {
  constructor(
    source: {
      pull(controller: ReadableStreamDefaultController<R>): Promise<void>;
      cancel(reason: unknown): void;
    },
    strategy: { readonly highWaterMark: number },
  );
  readonly locked: boolean;
}
declare class WritableStream<W> {
  constructor(
    sink: { write(chunk: W): Promise<void>; close(): Promise<void>; abort(reason: unknown): Promise<void> | void },
    strategy: { readonly highWaterMark: number; size(chunk: W): number },
  );
  readonly locked: boolean;
}
