/* Puts the static parts of a screen in place (dashboard/compact.py): an element with data-html gets that as its content.
   A new version changes only the nodes that differ, so nothing flickers and an opened fold stays open.
   Links inside go through Dash's own address component: no page is loaded anew. */
(() => {
  const OURS = new Set(["open", "hidden", "transform", "data-age", "data-over", "data-time", "data-day"]);
  const put = new WeakMap();

  function attributes(from, to) {
    for (const { name } of [...from.attributes]) if (!to.hasAttribute(name) && !OURS.has(name)) from.removeAttribute(name);
    for (const { name, value } of to.attributes) if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }

  function morph(from, to) {
    const old = [...from.childNodes];
    const fresh = [...to.childNodes];
    fresh.forEach((node, i) => {
      const was = old[i];
      if (!was) return from.appendChild(node);
      if (was.nodeType !== node.nodeType || was.nodeName !== node.nodeName) return was.replaceWith(node);
      if (node.nodeType !== 1) { if (was.data !== node.data) was.data = node.data; return null; }
      attributes(was, node);
      return morph(was, node);
    });
    old.slice(fresh.length).forEach((node) => node.remove());
  }

  function place(element) {
    const text = element.dataset.html;
    if (put.get(element)?.text === text) return;
    const template = document.createElement("template");
    template.innerHTML = text;
    morph(element, template.content);
    put.set(element, { text, nodes: [...element.childNodes] });
  }

  /* What was static has become a part with components: what we put there goes, what React put there stays. */
  function clear(element) {
    put.get(element)?.nodes.forEach((node) => node.remove());
    put.delete(element);
  }

  function all(root) {
    if (root.nodeType !== 1) return;
    if (root.hasAttribute("data-html")) place(root);
    for (const element of root.querySelectorAll("[data-html]")) place(element);
  }

  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "childList") change.addedNodes.forEach(all);
      else if (change.target.hasAttribute("data-html")) place(change.target);
      else clear(change.target);
    }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-html"] });

  document.addEventListener("click", (event) => {
    const anchor = event.target.closest?.(".screen a[href^='/']");
    if (!anchor || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState({}, "", anchor.getAttribute("href"));
    dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
  });
})();
