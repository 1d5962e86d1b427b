// The adapters' own tests in other runtimes: the files beside this one, by Bun's runner, and by vitest in Deno. What a runtime
// can't is named with its reason, and fails here once it can.
import { expect, test } from "vitest";
import { start } from "../support/processes.ts";
import { root } from "../support/sources.ts";

const bin = `${root}node_modules/.bin/`;
const conditions = "--conditions=sallyport-source";

interface Suite {
  readonly file: string;
  /** At least so many pass. */
  readonly tests: number;
  /** By the test's whole name. */
  readonly cannot: Readonly<Record<string, string>>;
}

const wrapped = "Bun's own TLS client takes over the socket beneath it, whose `end` and `resetAndDestroy` then end TLS in order";
const inBun: readonly Suite[] = [
  {
    file: "node.test.ts",
    tests: 36,
    cannot: {
      "createServer > a client that resets in the handshake is told as such": wrapped,
      "data > an end without close_notify is a truncation, behind the data that came before it": wrapped,
      "works with > http: a server that is told that it listens ends a request whose header never does":
        "Bun's http server keeps no clock for a connection that it did not accept itself",
      "works with > undici's Agent, with a connection that is kept alive":
        "Bun's own fetch stands in for undici's, and knows no dispatcher",
    },
  },
  { file: "webstreams.test.ts", tests: 12, cannot: {} },
  { file: "web-socket-pair.test.ts", tests: 9, cannot: {} },
];

test.each(inBun)(
  "Bun runs $file",
  async ({ file, tests, cannot }) => {
    const flags = ["--preload", "./test/support/bun-expect.ts", "--timeout", "30000", conditions];
    const bun = start(`${bin}bun`, ["test", ...flags, `./test/adapters/${file}`], { cwd: root, timeoutMs: 290_000 });
    await bun.ended;
    const results = [...bun.output().matchAll(/^\((pass|fail)\) (.*?) \[[\d.]+ms\]$/gm)];
    const names = (wanted: string): readonly string[] => [
      ...new Set(results.flatMap(([, result, name = ""]) => (result === wanted ? [name] : []))),
    ];
    expect(names("fail").toSorted(), bun.output()).toEqual(Object.keys(cannot).toSorted());
    expect(names("pass").length).toBeGreaterThanOrEqual(tests);
  },
  300_000,
);

test("Deno runs webstreams.test.ts", async () => {
  const vitest = ["npm:vitest", "run", "--config", "test/vitest.config.ts", "--reporter=json", "adapters/webstreams"];
  const flags = ["--allow-all", "--no-lock", "--node-modules-dir=manual", "--quiet", conditions];
  const deno = start(`${bin}deno`, ["run", ...flags, ...vitest], { cwd: root, timeoutMs: 170_000 });
  await deno.ended;
  expect(deno.output()).toMatch(/"numFailedTests":0,/);
  expect(Number(/"numPassedTests":(\d+)/.exec(deno.output())?.[1])).toBeGreaterThanOrEqual(12);
});
