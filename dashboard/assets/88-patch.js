/* A new data version of the screen that is already there changes only what differs: Dash would take the whole screen down
   and build it anew, and pictures, charts, scroll and focus with it. Where the two trees have not the same shape nothing
   is touched and Dash does it. */
window.toancanh = (() => {
  let shown = null;
  const NAMES = { className: "class", tabIndex: "tabindex" };
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const list = (children) => (Array.isArray(children) ? children : [children]).filter((c) => c !== null && c !== undefined && c !== true && c !== false);

  /* Collects in todo what would turn the element of a into that of b; false where that cannot be done piece by piece. */
  function plan(a, b, element, todo) {
    if (!element || a.type !== b.type || a.namespace !== b.namespace || !same(a.props.id, b.props.id)) return false;
    if (a.type === "Graph") {
      if (same(a.props.figure, b.props.figure)) return same(a.props, b.props);
      const chart = element.matches(".js-plotly-plot") ? element : element.querySelector(".js-plotly-plot");
      if (!chart || !same(a.props.style, b.props.style)) return false;
      const { data, layout } = structuredClone(b.props.figure);
      todo.push(() => window.Plotly.react(chart, data, layout, b.props.config));
      return true;
    }
    if (a.namespace !== "dash_html_components") return same(a.props, b.props);
    for (const name of new Set([...Object.keys(a.props), ...Object.keys(b.props)])) {
      if (name === "children" || same(a.props[name], b.props[name])) continue;
      const value = b.props[name];
      if (name === "style" || (name === "data-html" && !(name in a.props && name in b.props))) return false;
      const attribute = NAMES[name] || name;
      todo.push(() => (value === undefined || value === null ? element.removeAttribute(attribute) : element.setAttribute(attribute, value)));
    }
    if ("data-html" in b.props) return true;
    const before = list(a.props.children);
    const after = list(b.props.children);
    const nodes = element.childNodes;
    if (before.length !== after.length || nodes.length !== before.length) return false;
    return before.every((old, i) => {
      const fresh = after[i];
      if (typeof old === "object" && typeof fresh === "object") return plan(old, fresh, nodes[i], todo);
      return old === fresh;
    });
  }

  /* True when the screen now shows tree. */
  function patch(tree) {
    const element = document.querySelector("#screen > .screen");
    const todo = [];
    const fits = shown && element && element.dataset.tag === shown.props["data-tag"] && plan(shown, tree, element, todo);
    if (fits) todo.forEach((step) => step());
    shown = tree;
    return Boolean(fits);
  }

  return { patch };
})();
