// The upload form: files dropped or chosen, listed, sent in parts, each with its own progress.

import { Refusal, send } from "./protocol.js";

const CLUTTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

/** Make a form with `data-upload` take files. */
export function start(form) {
  const part = (name) => form.querySelector(`[data-part="${name}"]`);
  const view = Object.fromEntries(
    ["drop", "files", "folder", "chosen", "rows", "row", "total", "say", "send", "clear"]
      .map((name) => [name, part(name)]));
  const state = { chosen: [], sending: false };

  const choose = (files) => {
    const { chosen, name } = arranged(files);
    if (state.sending || !chosen.length) return;
    state.chosen = chosen;
    if (name && !form.elements.name.value) form.elements.name.value = name;
    list(view, chosen);
    say(view, tooMuch(form, chosen), "error");
    view.send.disabled = Boolean(tooMuch(form, chosen));
    view.chosen.scrollIntoView({ block: "nearest" });
  };

  view.drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    view.drop.dataset.over = "";
  });
  view.drop.addEventListener("dragleave", () => delete view.drop.dataset.over);
  view.drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    delete view.drop.dataset.over;
    choose(await dropped(event.dataTransfer));
  });
  for (const input of [view.files, view.folder]) {
    input.addEventListener("change", () => {
      choose(Array.from(input.files, (file) => ({ path: file.webkitRelativePath || file.name, file })));
      input.value = "";
    });
  }
  view.clear.addEventListener("click", () => {
    state.chosen = [];
    form.elements.name.value = "";
    view.chosen.hidden = true;
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (state.sending || !state.chosen.length) return;
    state.sending = true;
    view.send.disabled = view.clear.disabled = true;
    await deliver(form, view, state.chosen);
    state.sending = false;
    view.send.disabled = view.clear.disabled = false;
  });
  addEventListener("beforeunload", (event) => { if (state.sending) event.preventDefault(); });
}

async function deliver(form, view, chosen) {
  const rows = new Map(chosen.map(({ path }, i) => [path, view.rows.children[i]]));
  say(view, null);
  const report = {
    part(path, there) {
      const row = rows.get(path);
      const bar = row.querySelector("progress");
      bar.value = there;
      row.querySelector("[data-cell=state]").textContent =
        there >= bar.max ? "arrived" : `${Math.floor((100 * there) / bar.max)} %`;
    },
    waiting: (sentence) => say(view, sentence, "warning"),
  };
  try {
    const page = await send({
      createUrl: form.elements.project?.selectedOptions?.[0].dataset.url ?? form.dataset.create,
      csrf: form.elements.csrfmiddlewaretoken.value,
      name: form.elements.name.value,
      chosen,
      report,
    });
    location.assign(page);
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    say(view, failure.message, "error", failure.existing);
  }
}

function list(view, chosen) {
  view.rows.replaceChildren(...chosen.map(({ path, file }) => {
    const row = view.row.content.firstElementChild.cloneNode(true);
    row.querySelector("[data-cell=path]").textContent = path;
    row.querySelector("[data-cell=size]").textContent = size(file.size);
    row.querySelector("[data-cell=state]").textContent = "waiting";
    row.querySelector("progress").max = file.size;
    row.querySelector("progress").setAttribute("aria-label", path);
    return row;
  }));
  const bytes = chosen.reduce((sum, { file }) => sum + file.size, 0);
  const files = chosen.length === 1 ? "1 file" : `${chosen.length} files`;
  view.total.textContent = `${files}, ${size(bytes)}`;
  view.send.textContent = `Upload ${files}`;
  view.chosen.hidden = false;
}

function say(view, sentence, tone, link) {
  view.say.hidden = !sentence;
  view.say.dataset.tone = tone ?? "";
  view.say.textContent = sentence ?? "";
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = "Open it";
  view.say.append(" ", anchor, ".");
}

function tooMuch(form, chosen) {
  const bytes = chosen.reduce((sum, { file }) => sum + file.size, 0);
  const { maxBytes, maxFiles } = form.dataset;
  if (bytes > Number(maxBytes)) {
    return `These files have ${size(bytes)} together; one upload holds at most `
      + `${size(Number(maxBytes))}. Choose fewer elements or a smaller area.`;
  }
  if (chosen.length > Number(maxFiles)) {
    return `These are ${chosen.length} files; one upload holds at most ${maxFiles}.`;
  }
  return null;
}

/** Without clutter and without the one folder around everything, whose name becomes the map's. */
function arranged(files) {
  let chosen = files.filter(({ path }) => !CLUTTER.has(path.split("/").pop()));
  const tops = new Set(chosen.map(({ path }) => (path.includes("/") ? path.split("/")[0] : "")));
  const [top] = tops;
  if (tops.size !== 1 || !top) return { chosen, name: shared(chosen) };
  if (!top.endsWith(".zarr")) {
    chosen = chosen.map(({ path, file }) => ({ path: path.slice(top.length + 1), file }));
  }
  return { chosen, name: top.replace(/\.zarr$/, "") };
}

/** What all file names begin with ("MD6_B3" of MD6_B3_Fe.txt, MD6_B3_Mg.txt), if it says anything. */
function shared(chosen) {
  const names = chosen.map(({ path }) => path);
  let [prefix = ""] = names;
  if (names.length === 1) return prefix.replace(/\.[^.]*$/, "");
  while (!names.every((name) => name.startsWith(prefix))) prefix = prefix.slice(0, -1);
  const name = prefix.replace(/[\s_.-]+$/, "");
  return name.length > 2 ? name : "";
}

async function dropped(transfer) {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.()).filter(Boolean);
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => { entry.file(resolve, reject); });
    return [{ path: entry.fullPath.replace(/^\//, ""), file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    // A browser hands a folder out in batches; an empty one is the last.
    const batch = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!batch.length) break;
    found.push(...batch);
  }
  return (await Promise.all(found.map(within))).flat();
}

function size(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 3);
  return `${(bytes / 1024 ** power).toFixed(power && bytes / 1024 ** power < 100 ? 1 : 0)} ${units[power]}`;
}

document.querySelectorAll("form[data-upload]").forEach(start);
