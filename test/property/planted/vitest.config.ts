// The unit tests with core's sources read from another folder: SALLYPORT_PLANTED_CORE, which holds all of it with a bug in it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { mergeConfig } from "vitest/config";
import base from "../../vitest.config.ts";

const own = fileURLToPath(new URL("../../../packages/core/src/", import.meta.url));
const planted = process.env["SALLYPORT_PLANTED_CORE"];
if (planted === undefined) throw new Error("SALLYPORT_PLANTED_CORE names the folder of sources");

const config = mergeConfig(base, {
  plugins: [
    {
      name: "planted",
      enforce: "pre",
      load: (id: string) =>
        id.startsWith(own) && id.endsWith(".ts") ? readFileSync(`${planted}/${id.slice(own.length)}`, "utf8") : undefined,
    },
  ],
  // What was transformed of the true sources is not taken for the others'.
  cacheDir: "../.tmp/planted/.vite",
  test: {
    // These judge the tree, not what it does; or parts that no patch is in; or other processes, which have the true core.
    exclude: [
      "unit/{checks,arrows,words,readme,demo-page,bogo,bench,interop-table,pki,platform-roots,policies,states-diagram}.test.ts",
      "unit/{idle,deno-conn}.test.ts",
      "unit/{x509,crypto}-*.test.ts",
    ],
    // Core is loaded once a thread, and not once a file. A thread that hangs ends with its process, where a process of its own would go on.
    isolate: false,
    pool: "threads",
  },
});
// Merged lists are both lists.
export default { ...config, test: { ...config["test"], include: ["unit/*.test.ts"], reporters: ["json"] } };
