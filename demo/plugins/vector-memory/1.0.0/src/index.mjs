// Namespaces of notes: each lives in this process and in one file.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { cosine, embed } from "./embed.mjs";

const NAMESPACE = /^[a-z0-9][a-z0-9._-]{0,63}$/;
let ready = false;

export async function onLoad({ config, dataFolder = "." }) {
  const folder = join(dataFolder, config.folder ?? "memory");
  await mkdir(folder, { recursive: true });
  const open = new Map();
  ready = true;
  return {
    /** Open a namespace; twice the same name is the same namespace. */
    open(name) {
      // The name becomes a file name: nothing else may get in here.
      if (!NAMESPACE.test(name)) throw new Error(`\`${name}\` cannot be a namespace`);
      if (!open.has(name)) open.set(name, openNamespace(join(folder, `${name}.json`)));
      return open.get(name);
    },
  };
}

export async function onUnload() {
  ready = false;
}

export async function health() {
  return { status: ready ? "ok" : "down" };
}

export async function openNamespace(path) {
  const notes = new Map();
  for (const note of JSON.parse(await readFile(path, "utf8").catch(() => "[]"))) {
    notes.set(note.id, { ...note, vector: embed(note.text) });
  }
  let last = Promise.resolve();

  function save() {
    const write = async () => {
      const plain = [...notes.values()].map(({ vector, ...note }) => note);
      // A crash while writing leaves the old file.
      await writeFile(`${path}.new`, JSON.stringify(plain));
      await rename(`${path}.new`, path);
    };
    const done = last.then(write);
    last = done.catch(() => {});
    return done;
  }

  return {
    async add({ id, text, metadata = {} }) {
      notes.set(id, { id, text, metadata, vector: embed(text) });
      await save();
    },
    async search(query, { limit = 5, atLeast = 0.1, where = {} } = {}) {
      const wanted = embed(query);
      const pairs = Object.entries(where);
      return [...notes.values()]
        .filter(({ metadata = {} }) => pairs.every(([key, value]) => metadata[key] === value))
        .map(({ vector, ...note }) => ({ ...note, score: cosine(wanted, vector) }))
        .filter(({ score }) => score >= atLeast)
        .sort((a, b) => b.score - a.score)
        .slice(0, limit);
    },
    async remove(id) {
      if (notes.delete(id)) await save();
    },
    size: () => notes.size,
  };
}
