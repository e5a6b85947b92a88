// Counts at intervals and remembers an hour of counts, to say whether they grow.

const HOUR = 3_600_000;

let timer = null;
let metric = null;

export async function onLoad({ host, config, logger }) {
  const { everySeconds = 30, warnAt = 100 } = config;
  const { deadLetters } = host.plugin("@ar/postgres-storage");
  metric = createMetric({ count: () => deadLetters.count(), warnAt, logger });
  await metric.refresh();
  timer = setInterval(() => metric.refresh(), everySeconds * 1000);
  timer.unref();
  return { read: metric.read };
}

export async function onUnload() {
  clearInterval(timer);
  metric = null;
}

export async function health() {
  return metric?.read() ? { status: "ok" } : { status: "down", detail: "nothing was counted yet" };
}

export function createMetric({ count, warnAt, logger, clock = Date.now }) {
  let samples = [];

  return {
    async refresh() {
      try {
        const at = clock();
        samples = [...samples.filter((sample) => at - sample.at <= HOUR), { at, value: await count() }];
      } catch (error) {
        // The last value stays; its time shows that it is an old one.
        logger.warn("dead_letter_count_failed", { error: error.message });
      }
    },
    read() {
      const last = samples.at(-1);
      if (!last) return null;
      return {
        value: last.value,
        change: last.value - samples[0].value,
        level: last.value >= warnAt ? "warning" : "ok",
        at: new Date(last.at).toISOString(),
      };
    },
  };
}
