/** Of a process, in MiB: process.memoryUsage(). */
export interface Weight {
  readonly rss: number;
  readonly heapTotal: number;
  readonly heapUsed: number;
  readonly external: number;
  readonly arrayBuffers: number;
}

export function weigh(): Weight {
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const mebi = 2 ** 20;
  return {
    rss: rss / mebi,
    heapTotal: heapTotal / mebi,
    heapUsed: heapUsed / mebi,
    external: external / mebi,
    arrayBuffers: arrayBuffers / mebi,
  };
}
