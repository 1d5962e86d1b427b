// The connecting process: does one job after the other, and tells how long it took.
import { connect as connectTls, createSecureContext, type SecureContext } from "node:tls";
import { connect } from "@sallyport/node";
import type { ClientConfig } from "@sallyport/core";
import type { Contender, Done, Job } from "./loopback.ts";
import { client, type ProviderName } from "./sides.ts";

process.on("message", (job: Job) => {
  perform(job).then(
    (done) => process.send?.(done),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});

async function perform(job: Job): Promise<Done> {
  const cpu = process.cpuUsage();
  const since = performance.now();
  const seconds = job.kind === "download" ? await download(job) : undefined;
  if (job.kind === "handshakes") {
    let left = job.count;
    const runner = async (): Promise<void> => {
      while (left-- > 0) await exchange(job, 1, 1);
    };
    await Promise.all(Array.from({ length: job.inFlight }, runner));
  }
  const took = (performance.now() - since) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: seconds ?? took, cpuSeconds: (user + system) / 1e6 };
}

function download({ bytes, write, ...job }: Extract<Job, { kind: "download" }>): Promise<number> {
  return exchange(job, bytes, write);
}

/** @returns seconds from the first byte to the last */
function exchange(
  { contender, port, ca }: Pick<Job, "contender" | "port" | "ca">, bytes: number, write: number,
): Promise<number> {
  const socket = open(contender, port, ca);
  return new Promise((resolve, reject) => {
    let left = bytes;
    let since = 0;
    socket.once("secureConnect", () => socket.write(`${bytes} ${write}`));
    socket.on("data", (data: Uint8Array) => {
      if (since === 0) since = performance.now();
      left -= data.length;
      if (left > 0) return;
      socket.end();
      resolve((performance.now() - since) / 1000);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`${contender}: closed with ${left} bytes missing`)));
  });
}

const contexts = new Map<string, SecureContext>();
const configs = new Map<ProviderName, ClientConfig>();

/** Configs and contexts are made once: both sides of the comparison can. */
function open(contender: Contender, port: number, ca: string): ReturnType<typeof connect> | ReturnType<typeof connectTls> {
  if (contender === "node:tls") {
    const secureContext = contexts.get(ca) ?? createSecureContext({ ca, minVersion: "TLSv1.3" });
    contexts.set(ca, secureContext);
    return connectTls({ host: "127.0.0.1", servername: "localhost", port, secureContext });
  }
  const config = configs.get(contender) ?? client(contender, { pem: ca });
  configs.set(contender, config);
  return connect({ config, host: "127.0.0.1", servername: "localhost", port });
}
