import { printable } from "@sallyport/explain";
import { type Command, flag, Misuse, number } from "../command.ts";
import { demo } from "../demo/demo.ts";

export const demoCommand: Command = {
  name: "demo",
  takes: "",
  summary:
    "serves HTTPS on localhost with a CA made on the spot, proves that it works, and shows each visitor their own handshake",
  options: {
    once: { type: "boolean", help: "ends after the proofs; the exit code is 0 if all of them held" },
    port: { type: "string", takes: "<n>", help: "serves there (default 8443, or a free port if that is taken)" },
  },
  run: async (given, io) => {
    if (given.positionals.length > 0) throw new Misuse(`demo takes options alone, not ${printable(given.positionals.join(" "))}`);
    const port = number(given, "port", 0, 65_535);
    return (await demo({ once: flag(given, "once"), port, print: io.print })) === 0 ? 0 : 1;
  },
};
