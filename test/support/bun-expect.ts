// Loaded before our tests in Bun's runner, which takes `vitest` for its own and lacks `expect.poll`.
import { expect } from "bun:test";

const intervalMs = 20;

/** As vitest's: the assertion is tried until it holds, or time is over. */
function poll(read: () => unknown, { timeout = 1_000 }: { readonly timeout?: number } = {}): object {
  return new Proxy(
    {},
    {
      get:
        (_, matcher: string) =>
        async (...expected: readonly unknown[]) => {
          for (const start = performance.now(); ; await new Promise((resolve) => setTimeout(resolve, intervalMs))) {
            const value = await read();
            try {
              return expect(value)[matcher]?.(...expected);
            } catch (thrown) {
              if (performance.now() - start > timeout) throw thrown;
            }
          }
        },
    },
  );
}
Object.defineProperty(expect, "poll", { value: poll });
