// A client of node:tls or Deno: `visit.mjs CA.PEM PORT...` asks localhost at each port and prints `PORT yes` or `PORT no WORDS`.
import { readFileSync } from "node:fs";

const [caFile, ...ports] = globalThis.Deno?.args ?? process.argv.slice(2);
const ca = readFileSync(caFile, "utf8");
for (const port of ports.map(Number)) {
  const words = await (globalThis.Deno === undefined ? byNode(port) : byDeno(port)).then(
    () => undefined,
    (error) => error.message,
  );
  console.log(words === undefined ? `${port} yes` : `${port} no ${words.split("\n")[0]}`);
}

async function byNode(port) {
  const { connect } = await import("node:tls");
  await new Promise((resolve, reject) => {
    const socket = connect({ host: "localhost", port, servername: "localhost", ca }, () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
  });
}

async function byDeno(port) {
  const connection = await Deno.connectTls({ hostname: "localhost", port, caCerts: [ca] });
  try {
    await connection.handshake();
  } finally {
    connection.close();
  }
}
