// What mdBook leaves to be mended for those who read by keyboard or screen reader.

// A code block or table that scrolls sideways can be reached and scrolled by keys.
for (const block of document.querySelectorAll("pre > code, .table-wrapper")) {
  block.tabIndex = 0;
}

// mdBook says of this label whether the table of contents is open, as only a button may.
document.getElementById("mdbook-sidebar-toggle")?.setAttribute("role", "button");

// A closed table of contents is hidden from readers' eyes; its links must not take the keyboard either.
{
  const nav = document.getElementById("mdbook-sidebar");
  const follow = () => (nav.inert = nav.getAttribute("aria-hidden") === "true");
  new MutationObserver(follow).observe(nav, {attributeFilter: ["aria-hidden"]});
  follow();
}
