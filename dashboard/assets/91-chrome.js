/* What a page does by itself: theme and title of the screen it shows, ages, the wall's clock. */
(() => {
  const root = document.documentElement;
  const OLD = 15 * 60 * 1000;
  let lostSince = null;

  /* Before the first screen is there, the address tells which ground to paint. */
  root.dataset.theme = /^\/[a-z]+\/wall/.test(location.pathname) ? "dark" : "light";

  function adopt() {
    const screen = document.querySelector(".screen");
    if (!screen) return;
    root.dataset.theme = screen.classList.contains("theme-dark") ? "dark" : "light";
    if (screen.lang) root.lang = screen.lang;
    if (screen.dataset.title && document.title !== screen.dataset.title) document.title = screen.dataset.title;
    ages();
  }

  function ages() {
    /* A screen of the past has stopped its clock. */
    const asOf = document.querySelector(".screen")?.dataset.asOf;
    const present = asOf ? Date.parse(asOf) : Date.now();
    const format = new Intl.RelativeTimeFormat(root.lang || "vi", { numeric: "always", style: "long" });
    for (const element of document.querySelectorAll("[data-at]")) {
      const seconds = Math.max(0, (present - Date.parse(element.dataset.at)) / 1000);
      const steps = [[172800, 86400, "day"], [5400, 3600, "hour"], [60, 60, "minute"], [0, 1, "second"]];
      const [, size, unit] = steps.find(([least]) => seconds >= least);
      const text = format.format(-Math.floor(seconds / size), unit);
      if (element.dataset.age !== text) element.dataset.age = text;
      const over = element.dataset.limit && seconds > Number(element.dataset.limit);
      if (over) element.dataset.over = ""; else delete element.dataset.over;
    }
    for (const element of document.querySelectorAll("[data-clock]")) {
      const zone = { timeZone: element.dataset.clock };
      const now = new Date(present);
      element.dataset.time = now.toLocaleTimeString("en-GB", { ...zone, hour: "2-digit", minute: "2-digit" });
      const english = root.lang === "en"; // days as the server writes them: 24 Nov 2026, 24/11/2026
      const month = english ? { day: "numeric", month: "short" } : { day: "2-digit", month: "2-digit" };
      element.dataset.day = now.toLocaleDateString(english ? "en-GB" : root.lang || "vi", { ...zone, weekday: "long", year: "numeric", ...month });
    }
    const lost = document.body.dataset.connection === "lost";
    if (!lost) lostSince = null; else if (lostSince === null) lostSince = Date.now();
    if (lostSince !== null && Date.now() - lostSince > OLD) root.dataset.old = ""; else delete root.dataset.old;
  }

  new MutationObserver(adopt).observe(document.body, { childList: true, subtree: true });
  setInterval(ages, 1000);

  /* Menus close when something else is chosen. */
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.picker[open]")) {
      const inside = menu.contains(event.target);
      if (!inside || event.target.closest("a")) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const menu of document.querySelectorAll("details.picker[open]")) menu.open = false;
  });
})();
