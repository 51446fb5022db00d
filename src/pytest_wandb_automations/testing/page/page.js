"use strict";

const tests = [...document.querySelectorAll("details.test")];
const find = document.getElementById("find");
const toggle = document.getElementById("toggle");

function filter() {
  const outcome = document.querySelector("input[name=outcome]:checked").value;
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const test of tests) {
    const fits = outcome === "all" || test.dataset.outcome === outcome;
    test.hidden = !(fits && words.every((word) => test.dataset.name.includes(word)));
    shown += !test.hidden;
  }
  document.getElementById("shown").textContent = `${shown} of ${tests.length} tests shown`;
}

document.querySelector("form").addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
toggle.addEventListener("click", () => {
  const open = toggle.getAttribute("aria-pressed") !== "true";
  toggle.setAttribute("aria-pressed", String(open));
  toggle.textContent = open ? "Close all" : "Open all";
  for (const test of tests) test.open = open;
});
filter();
