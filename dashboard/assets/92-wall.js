/* The wall's turning pages. The pages' own attributes belong to React, so what is shown is said in a style sheet of ours:
   a new data version may replace every page without disturbing the turn.
   A critical warning that was not there before is shown at once and held; the rotation then goes on with it in turn. */
(() => {
  const HOLD = 5;
  const style = document.head.appendChild(document.createElement("style"));
  let first = 0;
  let since = Date.now();
  let known = null;
  let held = false;

  /* As many pages side by side as keep each about as wide as it was designed for. */
  const beside = () => Math.max(1, Math.round(innerWidth / innerHeight / 1.95));

  function show(count, width) {
    const rules = [];
    for (let i = 0; i < Math.min(width, count); i += 1) rules.push(`.wall-page:nth-child(${((first + i) % count) + 1}){display:block!important;order:${i}${i ? ";border-left:var(--hair) solid var(--line)" : ""}}`);
    const text = ".wall-page{display:none}" + rules.join("");
    if (style.textContent !== text) style.textContent = text;
  }

  function turn() {
    const pages = [...document.querySelectorAll(".wall-page")];
    const bar = document.querySelector(".wall-progress");
    if (!pages.length) { style.textContent = ""; known = null; first = 0; return; }
    const width = beside();
    const siren = pages.findIndex((page) => page.dataset.critical);
    const now = siren < 0 ? [] : pages[siren].dataset.critical.split(",");
    const fresh = known !== null && now.some((id) => !known.has(id));
    known = new Set(now);
    if (fresh) { first = siren; since = Date.now(); held = true; }
    if (first >= pages.length) first = 0;
    if (siren !== first) held = false;
    const dwell = Number(pages[first].dataset.dwell || 30) * (held ? HOLD : 1) * 1000;
    if (Date.now() - since >= dwell && pages.length > width) {
      first = (first + width) % pages.length;
      since = Date.now();
      held = false;
    }
    show(pages.length, width);
    if (!bar) return;
    const share = pages.length > width ? Math.min(1, (Date.now() - since) / dwell) : 0;
    bar.style.setProperty("--turned", share.toFixed(3));
    if (held) bar.dataset.held = ""; else delete bar.dataset.held;
  }

  setInterval(turn, 1000);
  addEventListener("resize", turn);
  new MutationObserver(() => { if (document.querySelector(".wall-page") && !style.textContent) turn(); })
    .observe(document.body, { childList: true, subtree: true });

  /* For screenshots and for whoever stands at the keyboard: arrow keys turn the page. */
  addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const count = document.querySelectorAll(".wall-page").length;
    if (!step || !count) return;
    first = (first + step + count) % count;
    since = Date.now();
    turn();
  });
})();
