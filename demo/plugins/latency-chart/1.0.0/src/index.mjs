// The widget: one histogram a minute, kept for as long as the chart is wide.

import { drawChart } from "./draw.mjs";
import { Histogram } from "./histogram.mjs";

const MINUTE = 60_000;

let off = () => {};
let widget = null;

export async function onLoad({ host, config }) {
  widget = createWidget(config);
  off = host.on("delivered", ({ sentAt, deliveredAt }) => widget.count(deliveredAt - sentAt, deliveredAt));
  return widget;
}

export async function onUnload() {
  off();
  widget = null;
}

export async function health() {
  return { status: widget ? "ok" : "down" };
}

export function createWidget({ minutes = 60, percentiles = [50, 95] } = {}) {
  const byMinute = new Map();

  return {
    /** Count a delivery that took `ms`, at `now` (milliseconds since 1970). */
    count(ms, now = Date.now()) {
      const minute = Math.floor(now / MINUTE);
      if (!byMinute.has(minute)) {
        byMinute.set(minute, new Histogram());
        for (const old of byMinute.keys()) if (old <= minute - minutes) byMinute.delete(old);
      }
      byMinute.get(minute).add(ms);
    },
    render(now = Date.now()) {
      const last = Math.floor(now / MINUTE);
      const series = percentiles.map((percent) => ({
        label: `p${percent}`,
        points: Array.from(
          { length: minutes },
          (_, index) => byMinute.get(last - minutes + 1 + index)?.percentile(percent) ?? null,
        ),
      }));
      return drawChart(series, { minutes });
    },
  };
}
