// Reads a plan as PostgreSQL's `explain (analyze, format json)` gives it.

const MAX_NODES = 10_000;

/** The steps of a plan by their own time, the slowest first, and the time of it all. */
export function readPlan(document) {
  const root = (Array.isArray(document) ? document[0] : document)?.Plan;
  if (!root) throw new Error("this is no plan: use explain (analyze, format json)");
  if (root["Actual Total Time"] === undefined) throw new Error("the plan has no times: add analyze");
  const totalMs = totalTime(root);
  const steps = [];
  const waiting = [root];
  while (waiting.length > 0) {
    const node = waiting.pop();
    const children = node.Plans ?? [];
    waiting.push(...children);
    if (steps.length >= MAX_NODES) throw new Error(`the plan has more than ${MAX_NODES} steps`);
    const below = children.reduce((sum, child) => sum + totalTime(child), 0);
    const ownMs = Math.max(totalTime(node) - below, 0);
    steps.push({ name: nameOf(node), ownMs, share: totalMs ? ownMs / totalMs : 0, remarks: remarksOn(node) });
  }
  return { totalMs, steps: steps.sort((a, b) => b.ownMs - a.ownMs) };
}

// Times are per loop; a node inside a nested loop runs many times.
function totalTime(node) {
  return (node["Actual Total Time"] ?? 0) * (node["Actual Loops"] ?? 1);
}

function nameOf(node) {
  const on = node["Relation Name"] ? ` on ${node["Relation Name"]}` : "";
  const by = node["Index Name"] ? ` using ${node["Index Name"]}` : "";
  return `${node["Node Type"]}${on}${by}`;
}

function remarksOn(node) {
  const remarks = [];
  const loops = node["Actual Loops"] ?? 1;
  const got = (node["Actual Rows"] ?? 0) * loops;
  const expected = (node["Plan Rows"] ?? 0) * loops;
  const removed = (node["Rows Removed by Filter"] ?? 0) * loops;
  if (removed > 1000 && removed > 9 * got) {
    remarks.push(`removes ${removed} of ${removed + got} rows by filter: an index could find the rest`);
  }
  const factor = Math.max(got, 1) / Math.max(expected, 1);
  if (factor > 10 || factor < 0.1) {
    remarks.push(`expected ${expected} rows, got ${got}: analyze the table, or the columns depend on each other`);
  }
  if (node["Sort Space Type"] === "Disk") remarks.push("sorts on disk: more work_mem would keep it in memory");
  if ((node["Hash Batches"] ?? 1) > 1) remarks.push(`hashes in ${node["Hash Batches"]} batches: it does not fit work_mem`);
  if (loops > 1000) remarks.push(`runs ${loops} times: another kind of join could do it once`);
  return remarks;
}

/** The steps as lines for people. */
export function describePlan({ totalMs, steps }, limit = 10) {
  const lines = steps.slice(0, limit).map(({ name, ownMs, share, remarks }, index) => {
    const head = `${index + 1}. ${name}: ${ownMs.toFixed(1)} ms (${Math.round(share * 100)} %)`;
    return [head, ...remarks.map((remark) => `   - ${remark}`)].join("\n");
  });
  return [`${totalMs.toFixed(1)} ms in all`, ...lines].join("\n");
}
