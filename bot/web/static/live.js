// Keeps a page current: what is marked data-live is fetched again every 30 seconds. Not while somebody writes in it, not
// in a hidden window, and not for ever: an unattended screen must not keep a session alive.
(() => {
  const EVERY = 30000, UNATTENDED = 3600000;
  let touched = Date.now();
  for (const name of ["pointerdown", "keydown", "scroll"]) addEventListener(name, () => { touched = Date.now(); }, {passive: true});
  const writing = (part) => [...part.querySelectorAll("textarea, select")].some((field) =>
    field === document.activeElement || (field.matches("textarea") && field.value !== field.defaultValue));
  const stale = (part) => { const mark = part.querySelector(".fresh-at"); if (mark) mark.classList.add("old"); };
  const renew = async () => {
    const part = document.querySelector("[data-live]");
    if (!part || document.hidden || writing(part)) return;
    if (Date.now() - touched > UNATTENDED) return stale(part);
    try {
      const said = new URLSearchParams(location.search);
      said.delete("said");
      const answer = await fetch(location.pathname + (String(said) ? "?" + said : ""), {credentials: "same-origin", redirect: "manual"});
      if (!answer.ok) return stale(part);  // a redirect is not ok either: the session has ended
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (!fresh || writing(part)) return;
      for (const open of part.querySelectorAll("details[open][id]")) {
        const same = fresh.querySelector("#" + CSS.escape(open.id));
        if (same) same.open = true;
      }
      part.replaceWith(document.adoptNode(fresh));
    } catch (error) { stale(part); }
  };
  setInterval(renew, EVERY);
})();
