import { runCommandLine } from "../../packages/cli/src/run.ts";

/** The command, in this process: what it prints, to either stream, and how it would end. Its input is empty. */
export async function sallyport(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const lines: string[] = [];
  const put = (text: string): void => void lines.push(text);
  const readInput = async (): Promise<Uint8Array> => new Uint8Array(0);
  const code = await runCommandLine(args, { print: put, complain: put, note: () => {}, colour: false, readInput });
  return { code, output: lines.join("\n") };
}
