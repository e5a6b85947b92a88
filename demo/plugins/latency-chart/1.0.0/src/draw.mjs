// Series as SVG. The vertical axis is logarithmic: latencies of interest span decades.

const WIDTH = 640;
const HEIGHT = 240;
const PAD = { left: 56, right: 12, top: 12, bottom: 28 };
const DASHES = ["none", "6 3", "2 3", "8 3 2 3"];

/** `series` is `[{label, points: [ms or null]}]`, oldest point first. */
export function drawChart(series, { minutes }) {
  const values = series.flatMap(({ points }) => points).filter((value) => value !== null);
  if (values.length === 0) return wrap("no messages yet", '<text x="50%" y="50%">no messages yet</text>');
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  const x = (index, count) =>
    PAD.left + (index / Math.max(count - 1, 1)) * (WIDTH - PAD.left - PAD.right);
  const y = (value) =>
    PAD.top + ((high - Math.log10(value)) / (high - low)) * (HEIGHT - PAD.top - PAD.bottom);

  const grid = Array.from({ length: high - low + 1 }, (_, step) => {
    const at = y(10 ** (low + step)).toFixed(1);
    return (
      `<path d="M${PAD.left} ${at}H${WIDTH - PAD.right}" stroke="currentColor" opacity=".15"/>` +
      `<text x="${PAD.left - 6}" y="${at}" text-anchor="end" dy=".3em">${formatMs(10 ** (low + step))}</text>`
    );
  });
  const lines = series.map(({ label, points }, index) => {
    const path = tracePath(points, x, y);
    return (
      `<path d="${path}" fill="none" stroke="currentColor" stroke-dasharray="${DASHES[index % DASHES.length]}">` +
      `<title>${escape(label)}</title></path>`
    );
  });
  const last = series.map(({ label, points }) => `${label} ${formatMs(points.at(-1))}`).join(", ");
  const axis = `<text x="${PAD.left}" y="${HEIGHT - 8}">${minutes} min ago</text><text x="${WIDTH - PAD.right}" y="${HEIGHT - 8}" text-anchor="end">now</text>`;
  return wrap(`latency of the last ${minutes} minutes; now ${last}`, [...grid, ...lines, axis].join(""));
}

// A gap stays a gap: no line is drawn over minutes without messages.
function tracePath(points, x, y) {
  let isDrawing = false;
  const parts = points.map((value, index) => {
    if (value === null) {
      isDrawing = false;
      return "";
    }
    const command = isDrawing ? "L" : "M";
    isDrawing = true;
    return `${command}${x(index, points.length).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return parts.join("");
}

export function formatMs(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 1000) return `${(value / 1000).toFixed(value >= 10_000 ? 0 : 1)} s`;
  return `${Math.round(value)} ms`;
}

function wrap(label, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escape(label)}" font-size="11" fill="currentColor">${body}</svg>`;
}

function escape(text) {
  return String(text).replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
