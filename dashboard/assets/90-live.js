/* The page's live line to the server: fetches the screen of the address and follows the data version.
   When the server is gone the last frame stays, and the body says so in data-connection. */
(() => {
  const body = () => document.body;
  let build = null;
  let shown = null;

  async function screen(pathname, search) {
    const query = new URLSearchParams({ path: pathname || "/", search: search || "" });
    try {
      const answer = await fetch("/api/screen?" + query, { cache: "no-cache" });
      if (!answer.ok) throw new Error(answer.status);
      const tag = query.toString() + answer.headers.get("etag");
      const tree = await answer.json();
      body().dataset.version = answer.headers.get("x-version") || "";
      body().dataset.connection = "live";
      /* What is shown says so itself: Dash may drop an answer when a newer question is on its way. */
      if (document.querySelector(".screen")?.dataset.tag === tag) return window.dash_clientside.no_update;
      tree.props["data-tag"] = tag;
      if (shown !== null && shown !== pathname) window.scrollTo(0, 0);
      shown = pathname;
      const language = (pathname || "").split("/")[1];
      if (language) document.documentElement.lang = language;
      return window.toancanh.patch(tree) ? window.dash_clientside.no_update : tree;
    } catch (error) {
      body().dataset.connection = "lost";
      return window.dash_clientside.no_update;
    }
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    toancanh: { screen },
  });

  let last = Date.now();
  let stream = null;

  function beat() {
    last = Date.now();
    if (body().dataset.connection !== "live") body().dataset.connection = "live";
  }

  function listen() {
    if (stream) stream.close();
    stream = new EventSource("/api/stream");
    stream.addEventListener("beat", beat);
    stream.addEventListener("version", (event) => {
      beat();
      const news = JSON.parse(event.data);
      if (build !== null && news.build !== build) { window.location.reload(); return; }
      build = news.build;
      window.dash_clientside.set_props("data-version", { data: news.version + "@" + Date.now() });
    });
    stream.addEventListener("progress", (event) => {
      beat();
      document.dispatchEvent(new CustomEvent("toancanh:progress", { detail: JSON.parse(event.data) }));
    });
    stream.onerror = () => { body().dataset.connection = "lost"; };
  }

  /* EventSource gives up for good on some answers and hangs on others: a silent line is opened anew. */
  setInterval(() => {
    if (Date.now() - last > 30000 || stream.readyState === EventSource.CLOSED) { last = Date.now(); listen(); }
  }, 3000);

  /* set_props needs the page's components: wait until Dash has put them there. */
  const start = setInterval(() => {
    if (document.getElementById("screen") && window.dash_clientside.set_props) { clearInterval(start); listen(); }
  }, 50);
})();
