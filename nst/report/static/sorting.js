// The head of a table: a click on a column sorts by it, a second click reverses the order.
"use strict";

{
  const { element, compare } = NST;

  // Fills the row `head`; a column has a `title`, `of(item)` to sort by, perhaps a `hint` and a `kind`. `changed` is
  // called when the user selects another order. Returns a function that puts items in the selected order.
  function sortable(head, columns, changed) {
    let order = { column: null, falling: false };
    for (const column of columns) {
      const button = element("button", { type: "button", onclick: () => { sortBy(column); changed(); } }, column.title);
      column.head = element("th", { scope: "col", title: column.hint, class: column.kind === "number" && "number" }, button);
      head.append(column.head);
    }

    function sortBy(column) {
      order = { column, falling: order.column === column && !order.falling };
      for (const { head, title } of columns) {
        head.removeAttribute("aria-sort");
        head.firstChild.textContent = title;
      }
      column.head.setAttribute("aria-sort", order.falling ? "descending" : "ascending");
      column.head.firstChild.textContent += order.falling ? " ↓" : " ↑";
    }

    return (items) => {
      const { column, falling } = order;
      return column ? [...items].sort((a, b) => compare(column.of(a), column.of(b), falling)) : items;
    };
  }

  Object.assign(NST, { sortable });
}
