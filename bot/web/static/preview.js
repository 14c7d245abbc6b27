// Shows what a form would make while it is being filled in: fields (no files) are posted to data-preview, the answer
// goes where data-preview-here is. Only a convenience: without it the same is shown after saving.
(function () {
  var form = document.querySelector("form[data-preview]"), here = document.querySelector("[data-preview-here]");
  if (!form || !here || !window.FormData || !window.XMLHttpRequest) return;
  var timer = 0, last = "";
  function fields() {
    var found = [];
    for (var i = 0; i < form.elements.length; i++) {
      var each = form.elements[i];
      if (!each.name || each.type === "file" || each.type === "submit") continue;
      if ((each.type === "checkbox" || each.type === "radio") && !each.checked) continue;
      found.push(encodeURIComponent(each.name) + "=" + encodeURIComponent(each.value));
    }
    return found.join("&");
  }
  function show() {
    var body = fields();
    if (body === last) return;
    last = body;
    var asked = new XMLHttpRequest();
    asked.open("POST", form.getAttribute("data-preview"));
    asked.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    asked.onload = function () { if (asked.status === 200 && body === last) here.innerHTML = asked.responseText; };
    asked.send(body);
  }
  function later() { clearTimeout(timer); timer = setTimeout(show, 1500); }
  form.addEventListener("input", later);
  form.addEventListener("change", later);
})();
