/* Sorts and filters rows. It computes no number: keys and texts come from the page. */
"use strict";
{
  const PAGE = 50; // rows of runs shown at once: ten thousand in one table would freeze a phone
  const MISSING = "—";
  const CONTROL = /^↳ /; // before the name of a method's control
  const TURNS = { null: "ascending", ascending: "descending", descending: null };
  const collator = new Intl.Collator("en", { numeric: true });
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* The items in order of their keys; those without one (null) last, whichever the direction. */
  const ordered = (items, key, direction) => {
    const sign = direction === "descending" ? -1 : 1;
    const compare = (a, b) => (typeof a === "number" ? a - b : collator.compare(a, b));
    return items
      .map((item) => [key(item), item])
      .sort(([a], [b]) =>
        a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b),
      )
      .map(([, item]) => item);
  };

  /* Makes the headings buttons that sort: upwards, downwards, and back as it was. */
  const sortable = (table, reorder) => {
    const heads = all("thead th", table);
    heads.forEach((head, column) => {
      one("button", head).addEventListener("click", () => {
        const direction = TURNS[head.getAttribute("aria-sort")];
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (direction) head.setAttribute("aria-sort", direction);
        reorder(column, direction, head);
      });
    });
  };

  /* What the reader asked for: words to find, and of each kind the positions ticked. */
  const wanted = () => {
    const ticked = {};
    for (const box of all(".filters input:checked")) {
      (ticked[box.name] ??= new Set()).add(Number(box.value));
    }
    return { words: one("#find").value.toLowerCase().split(/\s+/).filter(Boolean), ticked };
  };
  const holds = (text, words) => words.every((word) => text.includes(word));

  /* A table whose rows are in the page; only rows about methods are filtered. */
  const fixed = (table) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({
      row,
      text: row.textContent.toLowerCase(),
      about: Object.entries(row.dataset).map(([kind, places]) => [
        kind,
        places.split(" ").map(Number),
      ]),
    }));
    sortable(table, (column, direction, head) => {
      const key = ({ row }) => {
        const cell = row.cells[column];
        if ("numeric" in head.dataset) return "key" in cell.dataset ? Number(cell.dataset.key) : null;
        const text = cell.textContent.trim();
        return text === "" || text === MISSING ? null : text.replace(CONTROL, "");
      };
      const sorted = direction ? ordered(rows, key, direction) : rows;
      body.append(...sorted.map(({ row }) => row));
    });
    return ({ words, ticked }) => {
      for (const { row, text, about } of rows) {
        const chosen = about.every(
          ([kind, places]) => !ticked[kind] || places.some((place) => ticked[kind].has(place)),
        );
        row.hidden = about.length > 0 && !(chosen && holds(text, words));
      }
    };
  };

  /* The table of runs: its cells are in #columns, and a page of them in the document. */
  const paged = (columns) => {
    const listing = one("#listing");
    const body = one("tbody", listing);
    const [previous, next] = [one("#previous"), one("#next")];
    const runs = columns[0].codes.map((_, run) => run);
    const named = columns.filter((column) => !column.numeric);
    const lower = named.map((column) => column.words.map((word) => word.toLowerCase()));
    let order = runs;
    let kept = new Set(runs);
    let shown = runs;
    let start = 0;

    const cell = ({ words, codes, numeric }, run, head) => {
      const made = document.createElement(head ? "th" : "td");
      if (head) made.scope = "row";
      if (numeric) made.className = "number";
      made.textContent = codes[run] < 0 ? MISSING : words[codes[run]];
      return made;
    };
    const draw = () => {
      const page = shown.slice(start, start + PAGE);
      body.replaceChildren(
        ...page.map((run) => {
          const row = document.createElement("tr");
          row.append(...columns.map((column, at) => cell(column, run, at === 0)));
          return row;
        }),
      );
      previous.disabled = start === 0;
      next.disabled = start + PAGE >= shown.length;
      one("#range").textContent = page.length
        ? `${(start + 1).toLocaleString("en")} to ${(start + page.length).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`
        : "no run matches";
    };
    const renew = () => {
      shown = order.filter((run) => kept.has(run));
      start = 0;
      draw();
    };
    const turn = (by) => () => {
      start += by;
      draw();
    };
    previous.addEventListener("click", turn(-PAGE));
    next.addEventListener("click", turn(PAGE));
    sortable(one("table", listing), (column, direction) => {
      const { codes } = columns[column];
      const key = (run) => (codes[run] < 0 ? null : codes[run]);
      order = direction ? ordered(runs, key, direction) : runs;
      renew();
    });
    listing.hidden = false;
    one("#unlisted").hidden = true;
    return ({ words, ticked }) => {
      kept = new Set(
        runs.filter(
          (run) =>
            named.every(({ name, codes }) => !ticked[name] || ticked[name].has(codes[run])) &&
            holds(named.map(({ codes }, at) => lower[at][codes[run]]).join(" "), words),
        ),
      );
      renew();
      return `${kept.size.toLocaleString("en")} of ${runs.length.toLocaleString("en")} runs`;
    };
  };

  const tables = all("table.sorts").map(fixed);
  const runs = paged(JSON.parse(one("#columns").textContent));
  const menus = all(".menu");
  const filter = () => {
    const request = wanted();
    tables.forEach((apply) => apply(request));
    one("#shown").textContent = runs(request);
    for (const menu of menus) {
      const count = all("input:checked", menu).length;
      one(".count", menu).textContent = count || "all";
    }
  };
  one("#find").addEventListener("input", filter);
  menus.forEach((menu) => menu.addEventListener("change", filter));
  one("#reset").addEventListener("click", () => {
    one("#find").value = "";
    all(".filters input:checked").forEach((box) => (box.checked = false));
    filter();
  });
  const close = (except) => menus.forEach((menu) => menu !== except && (menu.open = false));
  document.addEventListener("click", (event) => close(event.target.closest(".menu")));
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(".menu[open]");
    if (event.key === "Escape" && menu) {
      menu.open = false;
      one("summary", menu).focus();
    }
  });
  one(".filters").hidden = false;
  filter();
}
