// A memory in one file: everything in this process, written back after each change.

import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cosine, embed } from "./embed.mjs";

let ready = false;

export async function onLoad({ config, dataFolder = "." }) {
  const memory = await openMemory(join(dataFolder, config.file ?? "memory.json"));
  ready = true;
  return memory;
}

export async function onUnload() {
  ready = false;
}

export async function health() {
  return { status: ready ? "ok" : "down" };
}

export async function openMemory(path) {
  const notes = new Map();
  for (const note of JSON.parse(await readFile(path, "utf8").catch(() => "[]"))) {
    notes.set(note.id, { ...note, vector: embed(note.text) });
  }

  async function save() {
    const plain = [...notes.values()].map(({ vector, ...note }) => note);
    // A crash while writing leaves the old file.
    await writeFile(`${path}.new`, JSON.stringify(plain));
    await rename(`${path}.new`, path);
  }

  return {
    async add({ id, text }) {
      notes.set(id, { id, text, vector: embed(text) });
      await save();
    },
    async search(query, { limit = 5, atLeast = 0.1 } = {}) {
      const wanted = embed(query);
      return [...notes.values()]
        .map(({ vector, ...note }) => ({ ...note, score: cosine(wanted, vector) }))
        .filter(({ score }) => score >= atLeast)
        .sort((a, b) => b.score - a.score)
        .slice(0, limit);
    },
    async remove(id) {
      if (notes.delete(id)) await save();
    },
  };
}
