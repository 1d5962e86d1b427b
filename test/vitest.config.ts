import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../node_modules/.vite",
  // Workspace packages resolve to their sources; `resolve.conditions` alone doesn't reach what runs in Node.
  ssr: { resolve: { conditions: ["sallyport-source", "module", "node", "import", "default"] } },
  test: {
    include: ["**/*.test.ts"],
    reporters: ["default", "./support/reporter.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
