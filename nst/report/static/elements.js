// Functions that create elements. Strings from configs and file names are inserted as text, never as HTML.
"use strict";

window.NST = {}; // shared by the page's scripts

{
  const $ = (id) => document.getElementById(id);

  function element(name, attributes = {}, ...children) {
    const node = document.createElement(name);
    set(node, attributes);
    node.append(...children);
    return node;
  }

  function drawn(name, attributes = {}, ...children) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    set(node, attributes);
    node.append(...children);
    return node;
  }

  function set(node, attributes) {
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value === true) node.setAttribute(key, "");
      else if (value !== false && value !== undefined && value !== null) node.setAttribute(key, value);
    }
  }

  // Returns a function that fills `parent` with a node per item, one portion at a time. The button `more` adds the next
  // portion. A thousand nodes at a time make sorting and scrolling slow.
  function portions(parent, more, portion, make) {
    let left = [];
    const next = () => {
      parent.append(...left.splice(0, portion).map(make));
      more.hidden = !left.length;
      more.textContent = `${Math.min(portion, left.length)} more of ${left.length}`;
    };
    more.addEventListener("click", next);
    return (items) => {
      left = [...items];
      parent.replaceChildren();
      next();
    };
  }

  Object.assign(NST, { $, element, drawn, portions });
}
