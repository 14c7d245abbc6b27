/* The signing page. ES5 for old web views; without it a name can still be typed. Keeps the shape of the strokes only. */
(function () {
  "use strict";
  function at(id) { return document.getElementById(id); }
  var form = at("signing"), canvas = at("pad"), script = document.createElement("script");
  if (!form || !canvas) { return; }
  // Asked for only now, so that it does not share a slow line with what the first sight of the page needs.
  script.onload = start;
  script.src = "/static/signature_pad.js";
  document.body.appendChild(script);

  function start() {
    if (!window.SignaturePad) { return; }
    document.documentElement.className += " with-js";
    var pad = new window.SignaturePad(canvas, {minWidth: 1, maxWidth: 2.6, penColor: "#111"});
    var strokes = at("strokes"), button = at("sign"), end = at("end"), wide = 0;
    var keep = "huizhi-sign-" + form.getAttribute("data-sha"), seen = false;

    function text() {
      return pad.toData().map(function (line) {
        return line.map(function (p) { return Math.max(0, Math.round(p.x)) + "," + Math.max(0, Math.round(p.y)); }).join(" ");
      }).join(";");
    }
    function draw(data) { pad.clear(); if (data.length) { pad.fromData(data); } }
    function fit() {
      if (canvas.offsetWidth === wide || !canvas.offsetWidth) { return; }
      var data = pad.toData(), ratio = Math.max(window.devicePixelRatio || 1, 1);
      wide = canvas.offsetWidth;
      canvas.width = wide * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
      draw(data);
    }
    function way() {
      var typed = at("how-typed").checked;
      at("by-hand").className = typed ? "hidden" : "";
      at("by-name").className = typed ? "" : "hidden";
      fit();
    }
    function look() {
      if (seen || end.getBoundingClientRect().top > (window.innerHeight || 0)) { return; }
      seen = true;
      at("seen").value = "1";
      button.disabled = false;
      at("read-first").className = "hidden";
    }
    function stored(value) {
      try {
        if (value === undefined) { return window.sessionStorage.getItem(keep) || ""; }
        window.sessionStorage.setItem(keep, value);
      } catch (e) { return ""; }  // private mode of old web views: the name is then written again
      return "";
    }
    function code() {
      var ask = new XMLHttpRequest(), ask_button = at("get-code");
      var body = "csrf=" + encodeURIComponent(form.csrf.value) + "&do=code";
      ask_button.disabled = true;
      ask.open("POST", form.getAttribute("action") + "?quiet=1");
      ask.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
      ask.onreadystatechange = function () {
        if (ask.readyState !== 4) { return; }
        at("code-said").textContent = ask.status === 200 ? ask.responseText : form.getAttribute("data-away");
        window.setTimeout(function () { ask_button.disabled = false; }, 60000);
      };
      ask.send(body);
    }

    at("how-drawn").checked = !at("typed").value;
    at("by-name").className = "hidden";
    button.disabled = true;
    at("read-first").className = "soft";
    at("how-drawn").onchange = at("how-typed").onchange = way;
    at("clear").onclick = function () { pad.clear(); };
    at("undo").onclick = function () { var data = pad.toData(); data.pop(); draw(data); };
    if (at("get-code")) { at("get-code").onclick = function (event) { event.preventDefault(); code(); }; }
    form.onsubmit = function () {
      strokes.value = text();
      stored(strokes.value);
      button.disabled = true;  // a second tap finds it asleep; the server would refuse it too
    };
    window.addEventListener("pageshow", function () { if (seen) { button.disabled = false; } });
    window.addEventListener("scroll", look);
    window.addEventListener("resize", function () { fit(); look(); });
    way();
    if (form.getAttribute("data-again")) {
      draw(stored().split(";").filter(Boolean).map(function (line) {
        return line.split(" ").map(function (p) { var xy = p.split(","); return {x: +xy[0], y: +xy[1], time: 0, color: "#111"}; });
      }));
    } else { stored(""); }
    look();
  }
})();
