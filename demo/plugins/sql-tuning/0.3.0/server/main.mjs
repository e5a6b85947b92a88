// An MCP server over standard input and output: one JSON-RPC message a line.

import { createInterface } from "node:readline";

import { describePlan, readPlan } from "./plan.mjs";

const TOOL = {
  name: "read_plan",
  description: "Lists the steps of a PostgreSQL plan by their own time, with what is odd about each.",
  inputSchema: {
    type: "object",
    required: ["plan"],
    properties: { plan: { type: "string", description: "output of explain (analyze, format json)" } },
  },
};

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion: protocolVersion ?? "2025-06-18",
    capabilities: { tools: {} },
    serverInfo: { name: "plans", version: "0.3.0" },
  }),
  ping: () => ({}),
  "tools/list": () => ({ tools: [TOOL] }),
  "tools/call": ({ name, arguments: given }) => {
    if (name !== TOOL.name) throw Object.assign(new Error(`there is no tool ${name}`), { code: -32602 });
    try {
      const text = describePlan(readPlan(JSON.parse(given?.plan ?? "")));
      return { content: [{ type: "text", text }] };
    } catch (error) {
      return { content: [{ type: "text", text: error.message }], isError: true };
    }
  },
};

export function answer(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch {
    return { jsonrpc: "2.0", id: null, error: { code: -32700, message: "this is not JSON" } };
  }
  const { id, method, params = {} } = request;
  // A notification has no id and gets no answer.
  if (id === undefined) return null;
  if (!Object.hasOwn(METHODS, method)) {
    return { jsonrpc: "2.0", id, error: { code: -32601, message: `there is no method ${method}` } };
  }
  try {
    return { jsonrpc: "2.0", id, result: METHODS[method](params) };
  } catch (error) {
    return { jsonrpc: "2.0", id, error: { code: error.code ?? -32603, message: error.message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = line.trim() ? answer(line) : null;
  if (message) process.stdout.write(`${JSON.stringify(message)}\n`);
}
