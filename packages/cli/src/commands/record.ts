import { printable, toText } from "@sallyport/explain";
import { type Command, type ExitCode, flag, type Given, hostAndPort, type Io, interrupted, Misuse, number } from "../command.ts";
import { openProxy, type Passing } from "../record/proxy.ts";
import { type Paint, painter } from "../terminal.ts";

export const recordCommand: Command = {
  name: "record",
  takes: "[HOST:]PORT TARGET:PORT",
  summary: "passes connections on, watches their handshakes in clear, and explains those that fail",
  options: {
    count: { type: "string", takes: "<n>", help: "ends after so many connections (default: Ctrl-C)" },
    failures: { type: "boolean", help: "says nothing of those that work" },
    json: { type: "boolean", help: "a line of JSON a connection" },
  },
  run,
};

/** 1: one failed of those that were counted. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  const [listen, target, ...more] = given.positionals;
  if (listen === undefined || target === undefined || more.length > 0)
    throw new Misuse("say where to listen and where to pass it on: 9443 example.com:443");
  const most = number(given, "count", 1, 1_000_000) ?? Number.POSITIVE_INFINITY;
  const paint = painter(io.colour);
  let seen = 0;
  let failed = 0;
  let end: () => void = () => {};
  const enough = new Promise<void>((resolve) => {
    end = resolve;
  });
  const stopped = interrupted();
  const proxy = await openProxy({
    listen: listenAt(listen),
    target: hostAndPort(target),
    saw: (passing) => {
      // Browsers and health checks open connections and say nothing.
      if (passing.result === "nothing") return;
      seen++;
      if (passing.result === "fails") failed++;
      if (passing.result === "fails" || !flag(given, "failures"))
        io.print(flag(given, "json") ? JSON.stringify(passing) : inWords(passing, paint));
      if (seen >= most) end();
    },
  });
  if (flag(given, "json")) io.note(`${proxy.port}\n`);
  else io.print(`listening at ${listenAt(listen).host}:${proxy.port}, passing on to ${printable(target)}`);
  await Promise.race([enough, stopped]);
  proxy.close();
  return failed === 0 ? 0 : 1;
}

function inWords({ from, result, agreed, serverName, ja4, hint, report, ms }: Passing, paint: Paint): string {
  const facts = [
    agreed,
    serverName === undefined ? "no name" : `for ${serverName}`,
    ja4 === undefined ? undefined : `JA4 ${ja4}`,
    `${Math.round(ms)} ms`,
  ];
  const told = facts.filter((fact) => fact !== undefined).join("; ");
  const head = `${from}  ${result === "works" ? "works" : paint("verdict", "fails")}  ${told}`;
  if (result !== "fails") return head;
  const lines = [
    hint,
    report === undefined || report.causes.length === 0 ? undefined : toText({ ...report, offers: [] }, { paint }),
  ];
  return [
    head,
    ...lines.flatMap((text) =>
      text === undefined
        ? []
        : text
            .trimEnd()
            .split("\n")
            .map((line) => `    ${line}`),
    ),
  ].join("\n");
}

/** A port alone is this machine's own. */
function listenAt(given: string): { readonly host: string; readonly port: number } {
  if (!/^\d+$/.test(given)) return hostAndPort(given);
  if (Number(given) > 65_535) throw new Misuse("say where to listen: [HOST:]PORT");
  return { host: "127.0.0.1", port: Number(given) };
}
