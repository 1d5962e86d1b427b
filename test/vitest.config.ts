import { defineConfig } from "vitest/config";

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: "../node_modules/.vite",
  // Workspace packages resolve to their sources; `resolve.conditions` alone doesn't reach what runs in Node.
  // Without "import": it would hold for CommonJS's require too, which then finds ESM where a package has both.
  ssr: { resolve: { conditions: ["sallyport-source", "module", "node"] } },
  test: {
    include: ["**/*.test.ts"],
    reporters: ["default", "./support/reporter.ts"],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
