// Comfort only: everything on the page can be read without this.
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  root.classList.add("js");

  // The theme follows the system until somebody asks for the other one.
  const button = document.getElementById("theme");
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { button.textContent = dark() ? "Light theme" : "Dark theme"; };
  button.onclick = () => { root.dataset.theme = dark() ? "light" : "dark"; name(); };
  name();

  // Sorting moves rows inside their own body, so unranked rows stay last; missing values too.
  const value = (row, column) => {
    const cell = row.cells[column];
    if (!("v" in cell.dataset)) return cell.textContent.trim();
    return cell.dataset.v === "" ? null : Number(cell.dataset.v);
  };
  const compare = (a, b, up) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return (a > b ? 1 : a < b ? -1 : 0) * (up ? 1 : -1);
  };
  for (const table of all("table.sortable")) {
    for (const head of all("thead th:not([data-nosort])", table)) {
      const sort = document.createElement("button");
      sort.type = "button";
      sort.className = "sort";
      sort.innerHTML = head.innerHTML;
      head.replaceChildren(sort);
      sort.onclick = () => {
        const was = head.getAttribute("aria-sort");
        const up = was ? was === "descending" : !("desc" in head.dataset);
        all("[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        for (const body of table.tBodies) {
          [...body.rows]
            .filter((row) => !row.classList.contains("sub"))
            .sort((a, b) => compare(value(a, head.cellIndex), value(b, head.cellIndex), up))
            .forEach((row) => body.append(row));
        }
      };
    }
  }

  // Pin one recipe in all figures.
  for (const pin of all(".pin")) {
    pin.setAttribute("aria-pressed", "false");
    pin.onclick = () => {
      const on = pin.getAttribute("aria-pressed") !== "true";
      all(".pin").forEach((other) => other.setAttribute("aria-pressed", "false"));
      pin.setAttribute("aria-pressed", String(on));
      document.body.classList.toggle("pinned", on);
      for (const part of all("[data-r]")) {
        part.classList.toggle("on", on && part.dataset.r === pin.dataset.pin);
      }
    };
  }

  for (const copy of all("[data-copy]")) {
    copy.onclick = () => navigator.clipboard
      ?.writeText(document.getElementById(copy.dataset.copy).textContent)
      .then(() => { copy.textContent = "Copied"; });
  }
  addEventListener("beforeprint", () => all("details").forEach((part) => { part.open = true; }));
})();
