// The slice of Bun's test runner that is used.
declare module "bun:test" {
  export function expect(value: unknown): Record<string, ((...expected: readonly unknown[]) => unknown) | undefined>;
}
