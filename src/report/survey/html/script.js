
"use strict";
(() => {
  const find = (id) => document.getElementById(id);

  const theme = find("theme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const tellTheme = () => theme.setAttribute("aria-pressed", String(isDark()));
  theme.hidden = false;
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    tellTheme();
  });
  dark.addEventListener("change", tellTheme);
  tellTheme();

  const body = find("rows");
  if (!body) return;
  const form = find("filters"), count = find("count"), pages = find("pages");
  const GRAVITY = { Deny: 3, Warn: 2, Patch: 1, Audit: 0 };
  const collator = new Intl.Collator("en", { numeric: true });

  // Only the rows of one page are in the document: thousands more would be laid out again at each change.
  const all = Array.from(body.rows, (row, at) => {
    const cells = Array.from(row.cells, (cell) => cell.textContent);
    const rule = row.cells[3].firstChild.data, name = row.cells[3].childNodes[2].data.slice(1);
    return { row, at, cells, action: cells[0], namespace: cells[1], policy: rule, rule: name,
      pods: Number(cells[4].replaceAll(",", "")), text: row.textContent.toLowerCase() };
  });
  const keys = [
    (one, other) => GRAVITY[other.action] - GRAVITY[one.action],
    (one, other) => collator.compare(one.namespace, other.namespace),
    (one, other) => collator.compare(one.cells[2], other.cells[2]),
    (one, other) => collator.compare(one.cells[3], other.cells[3]),
    (one, other) => one.pods - other.pods,
    (one, other) => (one.cells[5] < other.cells[5] ? -1 : one.cells[5] > other.cells[5] ? 1 : 0),
    (one, other) => collator.compare(one.cells[6], other.cells[6]),
  ];
  let sorted = all, shown = all, page = 0;

  const size = () => Number(find("size").value);
  const number = (value) => value.toLocaleString("en");
  const show = () => {
    const last = Math.max(0, Math.ceil(shown.length / size()) - 1);
    page = Math.min(page, last);
    const start = page * size(), rows = shown.slice(start, start + size());
    body.replaceChildren(...rows.map((entry) => entry.row));
    find("previous").disabled = page === 0;
    find("next").disabled = page === last;
    find("page").textContent = "Page " + number(page + 1) + " of " + number(last + 1);
    const range = rows.length ? ", " + number(start + 1) + " to " + number(start + rows.length) + " shown" : "";
    count.textContent = shown.length === all.length
      ? number(all.length) + (all.length === 1 ? " finding" : " findings") + range
      : number(shown.length) + " of " + number(all.length) + " findings" + range;
  };

  const fields = ["action", "namespace", "policy", "rule"];
  const filter = () => {
    const words = find("f-text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = fields.map((field) => [field, find("f-" + field).value]).filter(([, value]) => value !== "");
    shown = sorted.filter((entry) =>
      wanted.every(([field, value]) => entry[field] === value.slice(1)) && words.every((word) => entry.text.includes(word)));
    page = 0;
    show();
  };
  for (const field of fields) {
    const values = Array.from(new Set(all.map((entry) => entry[field])));
    values.sort(field === "action" ? (one, other) => GRAVITY[other] - GRAVITY[one] : collator.compare);
    // A value starts with an equals sign, so that no name is taken for "all".
    find("f-" + field).replaceChildren(new Option("all", ""), ...values.map((value) => new Option(value, "=" + value)));
    find("f-" + field).addEventListener("change", filter);
  }
  let waiting = 0;
  find("f-text").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 120);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  const heads = Array.from(find("table").tHead.rows[0].cells);
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      // Numbers and times are looked at from their ends.
      const first = column === 4 || column === 5 ? "descending" : "ascending";
      const turned = before === "ascending" ? "descending" : "ascending";
      const order = before ? turned : first;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      sorted = all.slice().sort((one, other) => sign * keys[column](one, other) || one.at - other.at);
      filter();
    });
  });

  find("previous").addEventListener("click", () => { page -= 1; show(); });
  find("next").addEventListener("click", () => { page += 1; show(); });
  find("size").addEventListener("change", () => { page = 0; show(); });
  for (const link of document.querySelectorAll("a[data-policy]")) {
    link.addEventListener("click", () => {
      form.reset();
      find("f-policy").value = "=" + link.dataset.policy;
      find("f-rule").value = "=" + link.dataset.rule;
      setTimeout(filter);
    });
  }

  // Paper has no pages to turn in a table.
  window.addEventListener("beforeprint", () => body.replaceChildren(...shown.map((entry) => entry.row)));
  window.addEventListener("afterprint", show);

  form.hidden = false;
  pages.hidden = false;
  show();
})();
