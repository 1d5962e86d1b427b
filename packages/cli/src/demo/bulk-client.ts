// The receiving process of the throughput proof: asks both servers for the same bytes in turns, and tells how long each took.
import { connect as connectTls } from "node:tls";
import { clientConfig } from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { connect } from "@sallyport/node";
import { serverVerifier } from "@sallyport/x509";
import type { BulkOrder, BulkTimes } from "./bulk.ts";

process.once("message", (order: BulkOrder) => {
  measure(order).then(
    (times) => process.send?.({ times }, () => process.disconnect()),
    (error: unknown) => process.send?.({ error: String(error) }, () => process.disconnect()),
  );
});

async function measure({ ca, sallyport, nodeTls, warmUp, bytes, rounds }: BulkOrder): Promise<readonly BulkTimes[]> {
  const config = clientConfig({ provider: node, now: Date.now, verifier: serverVerifier({ provider: node, roots: ca }) });
  const ours = (length: number): Promise<number> => download(connect({ config, host: "localhost", port: sallyport }), length);
  const theirs = (length: number): Promise<number> => download(connectTls({ ca, host: "localhost", port: nodeTls }), length);

  await ours(warmUp);
  await theirs(warmUp);
  const times: BulkTimes[] = [];
  for (let round = 0; round < rounds; round++) times.push({ sallyport: await ours(bytes), nodeTls: await theirs(bytes) });
  return times;
}

type Downloads = ReturnType<typeof connect> | ReturnType<typeof connectTls>;

/** Asks for `length` bytes. @returns seconds from the first byte to the last */
function download(socket: Downloads, length: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let left = length;
    let since = 0;
    socket.once("secureConnect", () => socket.write(`${length}\n`));
    socket.on("data", (data: Uint8Array) => {
      if (since === 0) since = performance.now();
      left -= data.length;
      if (left > 0) return;
      resolve((performance.now() - since) / 1000);
      socket.end();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`closed with ${left} bytes missing`)));
  });
}
