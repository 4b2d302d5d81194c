/* The map as it lies: wheel, drag, pinch, buttons and keys move it; names appear where there is room for them; what is
   under the pointer is told, once its layer has been asked for. And the field that searches the register of layers. */
(() => {
  const MOST = 60;
  const NEAR = 14;
  const views = new WeakMap();
  const asked = new Map();

  const view = (svg) => views.get(svg) || views.set(svg, home(svg)).get(svg);
  const box = (svg) => svg.viewBox.baseVal;
  /* Units of the drawing for a pixel of the screen. */
  const unit = (svg) => 1 / Math.min(svg.clientWidth / box(svg).width, svg.clientHeight / box(svg).height);

  /* Where most of the city lies, as large as it fits. */
  function home(svg) {
    const [left, top, width, height] = (svg.dataset.home || "").split(" ").map(Number);
    const whole = box(svg);
    if (!(width > 0) || !svg.clientWidth) return { k: 1, x: 0, y: 0 };
    const u = unit(svg);
    const k = Math.max(1, Math.min((svg.clientWidth * u) / width, (svg.clientHeight * u) / height));
    return { k, x: whole.width / 2 - k * (left + width / 2), y: whole.height / 2 - k * (top + height / 2) };
  }

  function show(svg) {
    const { k, x, y } = view(svg);
    svg.querySelector(".ground-view")?.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    svg.classList.toggle("is-near", k > 1);
    svg.style.setProperty("--px", unit(svg).toFixed(3));
    /* All is written before any is measured: the page is laid out once. */
    const labels = [...svg.querySelectorAll(".ground-label")];
    for (const label of labels) {
      label.setAttribute("transform", `translate(${label.dataset.xy}) scale(${1 / k})`);
      label.classList.remove("is-hidden");
    }
    const taken = [];
    const hidden = labels.map((label) => label.getBoundingClientRect()).map((r) => {
      const clash = taken.some((o) => r.left < o.right && r.right > o.left && r.top < o.bottom && r.bottom > o.top);
      if (!clash) taken.push(r);
      return clash;
    });
    labels.forEach((label, i) => label.classList.toggle("is-hidden", hidden[i]));
  }

  function keep(svg) {
    const v = view(svg);
    const { width, height } = box(svg);
    v.k = Math.min(MOST, Math.max(1, v.k));
    v.x = Math.min(width * 0.5, Math.max(width * 0.5 - width * v.k, v.x));
    v.y = Math.min(height * 0.5, Math.max(height * 0.5 - height * v.k, v.y));
    if (v.k === 1) { v.x = 0; v.y = 0; }
    show(svg);
  }

  /* A pointer's place in the drawing, before it is moved. */
  function at(svg, event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return { x: point.x, y: point.y };
  }

  function zoom(svg, factor, about) {
    const v = view(svg);
    const next = Math.min(MOST, Math.max(1, v.k * factor));
    const share = next / v.k;
    v.x = about.x - (about.x - v.x) * share;
    v.y = about.y - (about.y - v.y) * share;
    v.k = next;
    keep(svg);
  }

  const middle = (svg) => ({ x: box(svg).width / 2, y: box(svg).height / 2 });

  function act(svg, deed) {
    if (deed === "in") zoom(svg, 1.6, middle(svg));
    else if (deed === "out") zoom(svg, 1 / 1.6, middle(svg));
    else {
      /* First to where most of the city lies, then to all of it. */
      const there = home(svg);
      const now = view(svg);
      const same = ["k", "x", "y"].every((name) => Math.abs(now[name] - there[name]) < 0.01);
      Object.assign(now, same ? { k: 1, x: 0, y: 0 } : there);
      keep(svg);
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-ground]");
    const svg = button?.closest(".ground-box")?.querySelector(".ground");
    if (svg) act(svg, button.dataset.ground);
  });

  document.addEventListener("wheel", (event) => {
    const svg = event.target.closest?.(".ground");
    if (!svg || (event.deltaY > 0 && view(svg).k === 1)) return;
    event.preventDefault();
    zoom(svg, Math.exp(-event.deltaY * 0.0016), at(svg, event));
  }, { passive: false });

  document.addEventListener("keydown", (event) => {
    const svg = event.target.closest?.(".ground");
    if (!svg || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 60 * unit(svg);
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (event.key === "+" || event.key === "=") act(svg, "in");
    else if (event.key === "-") act(svg, "out");
    else if (event.key === "0") act(svg, "fit");
    else if (moves[event.key] && view(svg).k > 1) { view(svg).x += moves[event.key][0]; view(svg).y += moves[event.key][1]; keep(svg); }
    else return;
    event.preventDefault();
  });

  /* One finger or the mouse drags, two fingers pinch. */
  const held = new Map();
  let moved = 0;

  document.addEventListener("pointerdown", (event) => {
    const svg = event.target.closest?.(".ground");
    if (!svg || event.button) return;
    held.set(event.pointerId, { svg, ...at(svg, event) });
    moved = 0;
  });

  document.addEventListener("pointermove", (event) => {
    const mine = held.get(event.pointerId);
    if (!mine) { hover(event); return; }
    const { svg } = mine;
    const now = at(svg, event);
    const other = [...held.entries()].find(([id, h]) => id !== event.pointerId && h.svg === svg)?.[1];
    if (other) {
      const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
      zoom(svg, far(now, other) / far(mine, other), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (view(svg).k > 1) {
      view(svg).x += now.x - mine.x;
      view(svg).y += now.y - mine.y;
      keep(svg);
    }
    moved += Math.hypot(now.x - mine.x, now.y - mine.y) / unit(svg);
    svg.classList.toggle("is-held", moved > 3);
    Object.assign(mine, now);
  });

  for (const name of ["pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => {
      held.get(event.pointerId)?.svg.classList.remove("is-held");
      held.delete(event.pointerId);
    });
  }

  /* What was dragged was not meant to be followed. */
  document.addEventListener("click", (event) => {
    if (moved > 5 && event.target.closest?.(".ground")) { event.preventDefault(); event.stopPropagation(); moved = 0; }
  }, true);

  document.addEventListener("dragstart", (event) => { if (event.target.closest?.(".ground")) event.preventDefault(); });

  /* The places of a layer, asked for when the pointer first comes near. */
  function places(svg) {
    const found = [];
    for (const id of (svg.dataset.layers || "").split(" ").filter(Boolean)) {
      const key = `${id}@${document.body.dataset.version}`;
      if (!asked.has(key)) {
        asked.set(key, null);
        fetch(`/api/layers/${id}.geojson`).then((answer) => (answer.ok ? answer.json() : { features: [] }))
          .then((told) => asked.set(key, told.features.filter((f) => f.geometry?.type === "Point"))).catch(() => asked.delete(key));
      }
      if (asked.get(key)) found.push(...asked.get(key));
    }
    return found;
  }

  function hover(event) {
    const svg = event.target.closest?.(".ground");
    for (const tip of document.querySelectorAll(".ground-tip")) if (!svg) tip.textContent = "";
    if (!svg || !svg.dataset.layers || event.pointerType === "touch") return;
    const tip = svg.closest(".ground-box").querySelector(".ground-tip");
    const [west, north, sx, sy] = svg.dataset.frame.split(" ").map(Number);
    const { k, x, y } = view(svg);
    const pointer = at(svg, event);
    let best = null;
    let least = NEAR * unit(svg);
    for (const place of places(svg)) {
      const [lon, lat] = place.geometry.coordinates;
      const far = Math.hypot((lon - west) * sx * k + x - pointer.x, (north - lat) * sy * k + y - pointer.y);
      if (far < least) { least = far; best = place; }
    }
    const told = best?.properties;
    tip.textContent = told ? [told.name, told.layer, told.trouble].filter(Boolean).join(" · ") : "";
    if (!told) return;
    const frame = tip.parentElement.getBoundingClientRect();
    tip.style.left = Math.min(event.clientX - frame.left + 12, frame.width - 180) + "px";
    tip.style.top = event.clientY - frame.top + 14 + "px";
  }

  /* Letters without their marks, so that "truong" finds "Trường". */
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();

  document.addEventListener("input", (event) => {
    if (!event.target.matches?.(".layer-search")) return;
    const wanted = plain(event.target.value.trim());
    for (const group of event.target.closest(".layer-list").querySelectorAll(".layer-group")) {
      let any = false;
      for (const entry of group.querySelectorAll(".layer")) {
        entry.hidden = Boolean(wanted) && !plain(entry.dataset.search).includes(wanted);
        any = any || !entry.hidden;
      }
      group.hidden = !any;
      if (wanted) group.open = any;
    }
  });

  const all = () => { for (const svg of document.querySelectorAll(".ground")) show(svg); };
  window.addEventListener("resize", all);
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) {
      if (node.nodeType === 1 && (node.matches(".ground") || node.querySelector?.(".ground"))) { all(); return; }
    }
  }).observe(document.body, { childList: true, subtree: true });
  document.fonts?.ready.then(all);
})();
