// The server under test, in a process of its own that holds nothing else.
import { fileURLToPath } from "node:url";
import { makePki, type Pki } from "../../test/support/pki.ts";
import { type Running, start } from "../../test/support/processes.ts";
import type { Report, ServeQuestion } from "./serve.ts";

export interface Served {
  readonly port: number;
  report(): Promise<Report>;
  /** It stops to listen; settles with its exit code when nothing keeps it alive any more. */
  end(): Promise<number | string>;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const flags = ["--expose-gc", "--import", "./bench/register.mjs", "--conditions=sallyport-source", "bench/resources/serve.ts"];

export const pki: Pki = await makePki();

export async function serve(
  kind: "sallyport" | "node:tls",
  options: Pick<ServeQuestion, "handshakeTimeoutMs"> = {},
): Promise<Served> {
  const child: Running = start(process.execPath, [...flags, kind], { cwd: root });
  const { chainPem, keyPem } = await pki.leaf();
  const question: ServeQuestion = { chainPem, keyPem, ...options };
  child.write(`${JSON.stringify(question)}\n`);
  const [, port] = await child.saw(/^listening (\d+)$/m, 60_000);
  let reports = 0;
  return {
    port: Number(port),
    report: async () => {
      reports += 1;
      child.write("report\n");
      const [, json = ""] = await child.saw(new RegExp(`^(?:[^]*?^report (.*)$){${reports}}`, "m"), 60_000);
      return JSON.parse(json) as Report;
    },
    end: () => {
      child.end();
      return child.ended;
    },
    stop: () => child.stop(),
  };
}
